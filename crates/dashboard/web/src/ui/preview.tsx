import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { fetchOwn } from "../api/client";
import { type Json, ExactNumber, isObject, parseExact } from "../api/exact";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import Notebook, { cellsOf } from "./notebook";
import { parseTable } from "./table";
import { Text } from "./text";
import { bytes } from "./time";
import { Button, Loading, Problem, styles } from "./ui";

const Markdown = lazy(() => import("./markdown"));

/** Bytes of a file that are looked at first, and at most. */
const FIRST = 128 * 1024;
const MOST = 4 * 1024 * 1024;
/** Rows of a table that are shown at first, and by how many times more each time. */
const ROWS = 50;
const MORE_ROWS = 5;
/** Members of a JSON value that are shown before somebody asks for more. */
const MEMBERS = 100;

type Kind = "frame" | "image" | "json" | "table" | "text" | "none";

const KINDS: Record<string, Kind> = {
  html: "frame", htm: "frame", svg: "image", png: "image", jpg: "image", jpeg: "image",
  json: "json", csv: "table", tsv: "table", txt: "text", log: "text", md: "text", markdown: "text", xml: "text", xes: "text", pnml: "text", bpmn: "text", ipynb: "json", sql: "text", py: "text",
};

export const kindOf = (name: string): Kind => KINDS[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""] ?? "none";

/** A look at a file of somebody else, which can do nothing here: pages stand in a frame without rights, the rest is text. */
export default function Preview({ name, size, link }: { name: string; size: number | null; link: string }) {
  const t = useTexts();
  switch (kindOf(name)) {
    case "frame":
      return <iframe className={page.frame} src={link} sandbox="" referrerPolicy="no-referrer" title={t.job.outputs.frame(name)} />;
    case "image":
      return <img className={page.image} src={link} alt={name} />;
    case "none":
      return <p className={styles.empty}>{t.job.outputs.noPreview}</p>;
    default:
      return <Bytes name={name} size={size} link={link} />;
  }
}

/** Files that are shown as far as they were read. */
function Bytes({ name, size, link }: { name: string; size: number | null; link: string }) {
  const t = useTexts();
  const [wanted, setWanted] = useState(FIRST);
  const query = useQuery({
    queryKey: ["preview", link.replace(/\?.*$/s, ""), wanted],
    queryFn: async ({ signal }) => {
      const whole = size !== null && size <= wanted;
      // An empty file has no first byte to ask for.
      const answer = await fetchOwn(link, { signal, headers: whole ? {} : { range: `bytes=0-${wanted - 1}` } });
      const text = await answer.text();
      return { text, whole: answer.status === 200 };
    },
    staleTime: "static",
    placeholderData: keepPreviousData,
  });
  if (!query.data) return query.isError ? <Problem error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const { text, whole } = query.data;
  return (
    <>
      {!whole && size !== null && (
        <p className={styles.row}>
          {t.job.outputs.large(bytes(Math.min(wanted, size), t.language), bytes(size, t.language))}
          {wanted < MOST && <Button onClick={() => setWanted(Math.min(wanted * 8, MOST))}>{t.job.outputs.whole}</Button>}
        </p>
      )}
      <Contents name={name} text={text} whole={whole} />
    </>
  );
}

export function Contents({ name, text, whole }: { name: string; text: string; whole: boolean }) {
  const kind = kindOf(name);
  const cells = useMemo(() => (whole && /\.ipynb$/i.test(name) ? cellsOf(text) : null), [name, text, whole]);
  const json = useMemo(() => (kind === "json" && whole ? tryParse(text) : undefined), [kind, text, whole]);
  if (whole && /\.(md|markdown)$/i.test(name)) return <Suspense fallback={<Loading />}><Markdown text={text} /></Suspense>;
  if (cells) return <Notebook name={name} cells={cells} />;
  if (json !== undefined) return <div className={page.json} tabIndex={0} role="group" aria-label={name}><Node value={json} depth={0} /></div>;
  if (kind === "table") return <Table name={name} text={text} whole={whole} />;
  return <pre className={page.text} tabIndex={0} aria-label={name} role="group"><Text value={text} max={MOST} /></pre>;
}

function tryParse(text: string): Json | undefined {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

export function Table({ name, text, whole }: { name: string; text: string; whole: boolean }) {
  const t = useTexts();
  const [most, setMost] = useState(ROWS);
  const rows = useMemo(() => parseTable(text, most + 2, whole), [text, most, whole]);
  const [head, ...all] = rows;
  const body = all.slice(0, most);
  if (!head) return <p className={styles.empty}>{t.job.log.none}</p>;
  return (
    <>
      <p className={styles.hint}>{t.job.outputs.table(body.length, head.length)}{all.length > most && " …"}</p>
      <div className={page.dataTable} tabIndex={0} role="group" aria-label={name}>
        <table>
          <thead>
            <tr><th scope="col">#</th>{head.map((cell, index) => <th key={index} scope="col"><Text value={cell} max={200} /></th>)}</tr>
          </thead>
          <tbody>
            {body.map((row, index) => (
              <tr key={index}><td>{index + 1}</td>{row.map((cell, column) => <td key={column}><Text value={cell} max={300} /></td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {all.length > most && <p><Button onClick={() => setMost(most * MORE_ROWS)}>{t.common.more}</Button></p>}
    </>
  );
}

/** JSON as a tree, with numbers as they were written. */
export function Node({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  const t = useTexts();
  const [shown, setShown] = useState(MEMBERS);
  const key = name === undefined ? null : <><span className={page.jsonKey}><Text value={name} max={300} /></span>: </>;
  if (!Array.isArray(value) && !isObject(value)) return <div>{key}<Scalar value={value} /></div>;
  const members: [string, Json][] = Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
  const brackets = Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`;
  if (members.length === 0) return <div>{key}{Array.isArray(value) ? "[]" : "{}"}</div>;
  return (
    <Branch open={depth < 2 && members.length <= MEMBERS} label={<>{key}{brackets}</>}>
      {() => (
        <>
          {members.slice(0, shown).map(([name, item]) => <Node key={name} name={name} value={item} depth={depth + 1} />)}
          {members.length > shown && <Button onClick={() => setShown(shown * 10)}>{t.common.more}</Button>}
        </>
      )}
    </Branch>
  );
}

/** What is closed is not made. */
function Branch({ open: first, label, children }: { open: boolean; label: React.ReactNode; children: () => React.ReactNode }) {
  const [open, setOpen] = useState(first);
  return (
    <details open={open} onToggle={(event) => event.currentTarget === event.target && setOpen(event.currentTarget.open)}>
      <summary>{label}</summary>
      {open && children()}
    </details>
  );
}

function Scalar({ value }: { value: null | boolean | number | string | ExactNumber }) {
  return typeof value === "string" ? <>"<Text value={value} max={4_000} />"</> : <>{String(value)}</>;
}
