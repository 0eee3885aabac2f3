import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { fetchOwn, ownLink } from "../api/client";
import { isObject, type JsonObject, parseExact } from "../api/exact";
import { Changes, changesOf } from "../job/changes";
import type { Output } from "../job/data";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { kindOf } from "../ui/preview";
import { Text } from "../ui/text";
import { Loading, Problem, styles } from "../ui/ui";
import { differ, shortened } from "./lines";

/** Largest file that is compared here. */
const MOST_BYTES = 1024 * 1024;
/** Lines and places of a difference that are shown. */
const MOST_SHOWN = 500;

/** Whether what stands in two files can be compared. */
export const isComparable = (one: Output, other: Output): boolean =>
  ["json", "table", "text"].includes(kindOf(one.name)) && [one, other].every((output) => output.sizeBytes != null && output.sizeBytes <= MOST_BYTES);

function useText(output: Output) {
  const link = ownLink(output.downloadUrl);
  return useQuery({
    queryKey: ["contents", link.replace(/\?.*$/s, ""), output.digest],
    queryFn: async ({ signal }) => (await fetchOwn(link, { signal })).text(),
    staleTime: "static",
  });
}

/** How the contents of two outputs of one name differ: JSON place by place, all else line by line. */
export default function Contents({ one, other }: { one: Output; other: Output }) {
  const [first, second] = [useText(one), useText(other)];
  const failed = [first, second].find((query) => query.isError && query.data === undefined);
  if (failed) return <Problem error={failed.error} retry={() => void failed.refetch()} />;
  if (first.data === undefined || second.data === undefined) return <Loading />;
  return <Difference name={one.name} one={first.data} other={second.data} />;
}

function tryObject(text: string): JsonObject | null {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : Array.isArray(value) ? { "": value } : null;
  } catch {
    return null;
  }
}

function Difference({ name, one, other }: { name: string; one: string; other: string }) {
  const t = useTexts();
  const words = t.compare;
  const places = useMemo(() => {
    const [from, to] = kindOf(name) === "json" ? [tryObject(one), tryObject(other)] : [null, null];
    return from && to ? changesOf(from, to) : null;
  }, [name, one, other]);
  const lines = useMemo(() => (places === null ? differ(one, other) : null), [places, one, other]);
  if (places !== null) return <>{places.length > MOST_SHOWN && <p className={styles.hint}>{words.firstOnes(MOST_SHOWN)}</p>}<Changes changes={places.slice(0, MOST_SHOWN)} /></>;
  if (lines === null) return <p className={styles.hint}>{words.tooDifferent}</p>;
  const shown = shortened(lines);
  return (
    <pre className={page.diffLines} tabIndex={0} role="group" aria-label={words.contents(name)}>
      {shown.slice(0, MOST_SHOWN).map((line, index) => {
        if (typeof line === "number") return <div key={index} className={styles.hint}>… {words.onlySame(line)}</div>;
        const sign = { same: "  ", gone: "− ", new: "+ " }[line.tone];
        const text = <>{sign}<Text value={line.text} max={500} /></>;
        return <div key={index}>{line.tone === "gone" ? <del>{text}</del> : line.tone === "new" ? <ins>{text}</ins> : text}</div>;
      })}
      {shown.length > MOST_SHOWN && <div className={styles.hint}>{words.firstOnes(MOST_SHOWN)}</div>}
    </pre>
  );
}
