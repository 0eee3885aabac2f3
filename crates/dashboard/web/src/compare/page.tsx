import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { api, call, type Place } from "../api/client";
import { type JsonObject, writeExact } from "../api/exact";
import { usePlace } from "../app/shell";
import { changesOf } from "../job/changes";
import { hasEnded, type Job, jobKey, type Results, useResults } from "../job/data";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { plain, Text } from "../ui/text";
import { Bytes, Duration, Time } from "../ui/time";
import { Check, cx, type JobState, Loading, Problem, State, styles } from "../ui/ui";
import Difference, { isComparable } from "./contents";

function useOne(place: Place, jobId: string) {
  return useQuery({
    queryKey: jobKey(place, jobId),
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/job/{jobId}", { params: { path: { ...place, jobId } } })),
    enabled: jobId !== "",
    refetchInterval: ({ state }) => (state.data && !hasEnded(state.data) ? 3_000 : false),
  });
}

/** Two jobs side by side: what they were given, what they used, and what they left behind. */
export default function ComparePage() {
  const t = useTexts();
  const place = usePlace();
  const search = useSearch({ strict: false }) as { one?: string; other?: string };
  const one = useOne(place, search.one ?? "");
  const other = useOne(place, search.other ?? "");
  useEffect(() => {
    document.title = `${t.compare.title} · Fuelcell`;
  }, [t]);
  const failed = [one, other].find((job) => job.isError && !job.data);
  if (!search.one || !search.other) return <p className={styles.empty}>{t.compare.bad}</p>;
  if (failed) return <Problem error={failed.error} retry={() => void failed.refetch()} />;
  if (!one.data || !other.data) return <Loading />;
  return <Compared key={`${search.one} ${search.other}`} one={one.data} other={other.data} />;
}

type Row = { what: string; one: ReactNode; other: ReactNode; same: boolean };

function Compared({ one, other }: { one: Job; other: Job }) {
  const t = useTexts();
  const place = usePlace();
  const [all, setAll] = useState(false);
  const results = [useResults(place, one), useResults(place, other)] as const;
  const words = t.compare;
  const [first, second] = [results[0].data, results[1].data];
  const failed = results.find((result) => result.isError && !result.data);
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{words.title}</h1>
        <Link className={styles.button} to="/p/$tenantId/$projectId/compare" params={place} search={{ one: other.jobId, other: one.jobId }}>{words.swap}</Link>
      </header>
      <Check label={words.showSame} checked={all} onChange={setAll} />
      <Side title={words.facts} one={one} other={other} rows={facts(one, other, t)} all />
      {failed && <Problem error={failed.error} />}
      {first && second ? (
        <Side title={words.parameters} one={one} other={other} rows={parameters(first.parameters, second.parameters)} all={all} />
      ) : (
        !failed && ((hasEnded(one) && hasEnded(other)) ? <Loading /> : <p className={styles.hint}>{words.later}</p>)
      )}
      <Side title={words.inputs} one={one} other={other} rows={inputs(one, other)} all={all} />
      <Side title={words.limits} one={one} other={other} rows={limits(one, other, t)} all={all} />
      <Side title={words.usage} one={one} other={other} rows={usage(one, other, t)} all />
      {first && second && <Side title={words.findings} one={one} other={other} rows={findings(first, second, t)} all={all} />}
      {first && second && <Side title={words.outputs} one={one} other={other} rows={outputs(first, second, t)} all={all} />}
      {first && second && <Contents one={first} other={second} />}
    </div>
  );
}

/** One part of the comparison. What is the same is left out, unless `all` is to be seen. */
function Side({ title, one, other, rows, all }: { title: string; one: Job; other: Job; rows: Row[]; all: boolean }) {
  const t = useTexts();
  const words = t.compare;
  const shown = all ? rows : rows.filter((row) => !row.same);
  const left = rows.length - shown.length;
  const head = (word: string, job: Job) => `${word}, ${t.job.number(job.jobNumber)}`;
  return (
    <section className={page.preview} aria-label={title}>
      <h2>{title}</h2>
      {shown.length === 0 && <p className={styles.hint}>{words.noDifference}</p>}
      {shown.length > 0 && (
        <Grid label={title} columns={[words.what, head(words.first, one), head(words.second, other), ""]}>
          {shown.map((row) => (
            <tr key={row.what} className={cx(!row.same && page.differs)}>
              <th scope="row"><Text value={row.what} max={200} /></th>
              <td className={page.compared}>{row.one}</td>
              <td className={page.compared}>{row.other}</td>
              <td className={styles.short}>{row.same ? <span className={styles.hint}>{words.same}</span> : "≠"}</td>
            </tr>
          ))}
        </Grid>
      )}
      {left > 0 && shown.length > 0 && <p className={styles.hint}>{words.onlySame(left)}</p>}
    </section>
  );
}

type Words = ReturnType<typeof useTexts>;

function facts(one: Job, other: Job, t: Words): Row[] {
  const { facts } = t.job;
  const row = (what: string, show: (job: Job) => ReactNode, of: (job: Job) => unknown): Row => ({ what, one: show(one), other: show(other), same: of(one) === of(other) });
  const text = (what: string, of: (job: Job) => string): Row => row(what, (job) => <Text value={of(job) || t.compare.missing} max={300} />, of);
  return [
    row(t.submit.name, (job) => <JobLink job={job} />, (job) => job.jobName),
    row(t.system.status, (job) => <State state={job.status as JobState} />, (job) => job.status),
    text(t.compare.findings, (job) => (job.error ? `${job.error.code}: ${job.error.message}` : "")),
    row(facts.created, (job) => <Time at={job.dateCreated} />, () => null),
    text(facts.type, (job) => job.jobType),
    text(facts.module, (job) => `${job.module.name} ${job.module.version}`),
    row(facts.digest, (job) => <span className={styles.mono} title={job.module.digest}>{job.module.digest.slice(0, 12)}…</span>, (job) => job.module.digest),
    text(facts.labels, (job) => Object.entries(job.labels as Record<string, string>).map(([name, value]) => `${name}: ${value}`).join(", ")),
  ];
}

function JobLink({ job }: { job: Job }) {
  const place = usePlace();
  return <Link to="/p/$tenantId/$projectId/jobs/$jobId" params={{ ...place, jobId: job.jobId }}><Text value={job.jobName} max={200} /></Link>;
}

function parameters(one: JsonObject, other: JsonObject): Row[] {
  const changed = changesOf(one, other).map(([what, from, to]) => ({ what, one: <Value text={from} />, other: <Value text={to} />, same: false }));
  const kept = Object.keys(one).filter((name) => !changed.some((row) => row.what === `/${name}` || row.what.startsWith(`/${name}/`)));
  return [...changed, ...kept.map((name) => ({ what: `/${name}`, one: <Value text={writeExact(one[name])} />, other: <Value text={writeExact(other[name])} />, same: true }))];
}

function Value({ text }: { text: string | undefined }) {
  const t = useTexts();
  return text === undefined ? <>{t.compare.missing}</> : <code><Text value={text} max={500} /></code>;
}

function inputs(one: Job, other: Job): Row[] {
  const names = new Set([...one.inputs, ...other.inputs].map((input) => input.name));
  return [...names].map((name) => {
    const [from, to] = [one, other].map((job) => job.inputs.find((input) => input.name === name));
    const show = (input: typeof from) => input && <><Text value={input.fileName} max={200} /> <span className={styles.hint}>(<Bytes count={input.sizeBytes} />, {input.digest.slice(0, 12)}…)</span></>;
    return { what: name, one: show(from) ?? "–", other: show(to) ?? "–", same: from?.digest === to?.digest };
  });
}

function limits(one: Job, other: Job, t: Words): Row[] {
  const names = Object.keys(one.limits) as (keyof Job["limits"])[];
  const show = (name: string, value: number | null | undefined) => {
    if (value == null) return t.common.unlimited;
    if (/Bytes$/.test(name)) return <Bytes count={value} />;
    return /Seconds$/.test(name) ? <Duration seconds={value} /> : value.toLocaleString(t.language);
  };
  const known: Partial<Record<string, string>> = { fuel: t.job.usage.fuel, memoryBytes: t.job.usage.memory, diskBytes: t.job.usage.disk, timeoutSeconds: t.job.usage.time, logBytes: t.job.usage.log };
  return names.map((name) => ({ what: known[name] ?? name, one: show(name, one.limits[name]), other: show(name, other.limits[name]), same: one.limits[name] === other.limits[name] }));
}

function usage(one: Job, other: Job, t: Words): Row[] {
  const { usage } = t.job;
  const count = (value: number | null | undefined) => (value == null ? "–" : value.toLocaleString(t.language));
  type Receipt = NonNullable<Job["receipt"]>;
  const row = (what: string, of: (receipt: Receipt) => number | null | undefined, show: (value: number | null | undefined) => ReactNode): Row => {
    const [from, to] = [one, other].map((job) => (job.receipt ? of(job.receipt) : null));
    return { what, one: show(from), other: <>{show(to)}<Times from={from} to={to} /></>, same: from === to };
  };
  const seconds = (value: number | null | undefined) => <Duration seconds={value} />;
  const bytes = (value: number | null | undefined) => <Bytes count={value} />;
  return [
    row(usage.fuel, (receipt) => receipt.fuel, count),
    row(usage.time, (receipt) => receipt.wallSeconds, seconds),
    row(usage.cpu, (receipt) => receipt.cpuSeconds, seconds),
    row(usage.memory, (receipt) => receipt.peakMemoryBytes, bytes),
    row(usage.disk, (receipt) => receipt.peakDiskBytes, bytes),
  ];
}

/** How much more or less it was. */
function Times({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  const t = useTexts();
  if (!from || to == null || from === to) return null;
  const share = (to - from) / from;
  return <span className={styles.hint}> ({share.toLocaleString(t.language, { style: "percent", signDisplay: "always", maximumFractionDigits: 1 })})</span>;
}

function findings(one: Results, other: Results, t: Words): Row[] {
  const all = (results: Results) => [...results.qualityMetrics.processingErrors, ...results.qualityMetrics.warnings];
  const names = new Map([...all(one), ...all(other)].map((found) => [`${found.type}: ${found.message}`, found]));
  const times = (results: Results, name: string) => all(results).find((found) => `${found.type}: ${found.message}` === name)?.count ?? 0;
  return [...names.keys()].map((name) => {
    const [from, to] = [Number(times(one, name)), Number(times(other, name))];
    return { what: name, one: t.job.findings.times(from), other: t.job.findings.times(to), same: from === to };
  });
}

const allOutputs = (results: Results) => [results.results.primaryOutput, ...results.results.additionalOutputs].filter((output) => output != null);

function outputs(one: Results, other: Results, t: Words): Row[] {
  const names = new Set([...allOutputs(one), ...allOutputs(other)].map((output) => output.name));
  return [...names].map((name) => {
    const [from, to] = [one, other].map((results) => allOutputs(results).find((output) => output.name === name));
    const show = (output: typeof from) => output && <><Bytes count={output.sizeBytes} />{output.recordCount != null && ` · ${t.job.outputs.records(output.recordCount)}`}{output.digest && <span className={styles.hint}> {output.digest.slice(0, 12)}…</span>}</>;
    return { what: name, one: show(from) ?? "–", other: show(to) ?? "–", same: from !== undefined && from.digest != null && from.digest === to?.digest };
  });
}

/** Outputs of one name whose bytes differ: what stands in them is compared when somebody asks for it. */
function Contents({ one, other }: { one: Results; other: Results }) {
  const t = useTexts();
  const [opened, setOpened] = useState<string | null>(null);
  const pairs = allOutputs(one).flatMap((output) => {
    const twin = allOutputs(other).find((twin) => twin.name === output.name);
    return twin && twin.digest !== output.digest && isComparable(output, twin) ? [[output, twin] as const] : [];
  });
  return (
    <>
      {pairs.map(([output, twin]) => (
        <details key={output.name} className={styles.card} onToggle={(event) => event.currentTarget.open && setOpened(output.name)}>
          <summary>{t.compare.contents(plain(output.name, 100))}</summary>
          {opened === output.name && <Difference one={output} other={twin} />}
        </details>
      ))}
    </>
  );
}
