import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useKeys } from "../app/keys";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import { plain, Text } from "../ui/text";
import { Duration, Time } from "../ui/time";
import { Bar, Button, cx, type JobState, Loading, Problem, State, styles } from "../ui/ui";
import page from "./jobs.module.css";
import { type Filter, type ListedJob, MOST_REASONS, PAGE_SIZE, type Reasons, useJobs, useJobTypes, useWaitReasons } from "./list";
import { SelectionBar, useSelection } from "./selection";

const Sample = lazy(() => import("./sample"));
const Runs = lazy(() => import("./runs"));
const Views = lazy(() => import("../saved/views"));

const STATES: JobState[] = ["Queued", "Running", "Completed", "Failed", "Cancelled"];
const COUNTS = { Queued: "queuedJobs", Running: "runningJobs", Completed: "completedJobs", Failed: "failedJobs", Cancelled: "cancelledJobs" } as const;
const PRIORITIES = ["Low", "Normal", "High", "Critical"] as const;
const ROW = 57;
/** Rows from the end of what is loaded at which more is asked for. */
const AHEAD = 15;

/** Where the list was scrolled to, by its address: going back brings it back. */
const scrolls = new Map<string, number>();

export default function JobsPage() {
  const t = useTexts();
  const place = usePlace();
  const search = useSearch({ strict: false }) as Filter;
  const address = JSON.stringify(search);
  const filter = useMemo(() => JSON.parse(address) as Filter, [address]);
  const body = useRef<HTMLDivElement>(null);
  const pointed = useRef(false);
  const [runs, setRuns] = useState(false);
  const selection = useSelection(address);
  useKeys({
    x: () => document.activeElement?.closest("tr")?.querySelector<HTMLElement>("input[type=checkbox]")?.click(),
    Escape: selection.clear,
  });
  const mayMove = () => selection.isEmpty && !pointed.current && window.scrollY < 80 && !body.current?.contains(document.activeElement);
  const jobs = useJobs(place, filter, mayMove);
  const { list, rows, summary } = jobs;
  const reasons = useWaitReasons(place, rows.filter((row) => row.status === "Queued").length);
  const isFiltered = Object.keys(filter).length > 0;
  // What is rare is looked for as far as somebody wants, not through all jobs by itself.
  const isSparse = list.hasNextPage && (list.data?.pages.at(-1)?.jobs.length ?? 0) < PAGE_SIZE;
  const isEmpty = !isFiltered && summary?.totalJobs === 0 && rows.length === 0;

  useEffect(() => {
    document.title = `${t.jobs.title} · Fuelcell`;
  }, [t]);

  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{t.jobs.title}</h1>
        {summary && <span className={page.count} aria-live="polite">{t.jobs.count(filter.status ? countOf(summary, filter.status) : summary.totalJobs)}</span>}
        {!isEmpty && <Button onClick={() => setRuns(true)}>{t.bulk.runs}</Button>}
        {runs && <Suspense><Runs close={() => setRuns(false)} /></Suspense>}
      </div>
      <nav className={page.side} aria-label={t.jobs.states}>
        <StateLink filter={filter} count={summary?.totalJobs} />
        {STATES.map((state) => <StateLink key={state} filter={filter} state={state} count={summary?.[COUNTS[state]]} />)}
        {filter.status === "Queued" && reasons.counts.length > 0 && <Waits reasons={reasons} />}
        {!isEmpty && <Suspense><Views place={place} filter={filter} /></Suspense>}
      </nav>
      <div>
        {!isEmpty && <Filters filter={filter} />}
        <div className={page.fresh}>
          {jobs.news > 0 && <Button look="primary" onClick={jobs.showNews}>{t.jobs.fresh(jobs.news, jobs.moreNews)}</Button>}
        </div>
        {list.isError && <Problem error={list.error} retry={() => void list.refetch()} />}
        {list.isPending && <Loading />}
        {isEmpty && <Suspense fallback={<Loading />}><Sample place={place} /></Suspense>}
        {list.isSuccess && rows.length === 0 && !isEmpty && (
          <div className={styles.empty}>
            {list.hasNextPage ? (
              <>
                <p>{t.find.looked}</p>
                <Button onClick={() => void list.fetchNextPage()} aria-busy={list.isFetchingNextPage}>{t.find.further}</Button>
              </>
            ) : <p>{Object.keys(filter).length === 1 && filter.status ? t.jobs.noneInState : t.jobs.none}</p>}
          </div>
        )}
        {rows.length > 0 && (
          <div ref={body} onPointerEnter={() => (pointed.current = true)} onPointerLeave={() => (pointed.current = false)}>
            <SelectionBar selection={selection} filter={filter} renew={jobs.renew} />
            <Rows rows={rows} reasons={reasons.of} address={address} selection={selection} more={list.hasNextPage && !list.isFetchingNextPage && !isSparse ? () => void list.fetchNextPage() : null} />
          </div>
        )}
        {rows.length > 0 && isSparse && <p className={styles.empty}><Button onClick={() => void list.fetchNextPage()} aria-busy={list.isFetchingNextPage}>{t.find.further}</Button></p>}
        {list.isFetchingNextPage && <Loading />}
      </div>
    </div>
  );
}

/** How many wait for what: the second level of the state. */
function Waits({ reasons }: { reasons: Reasons }) {
  const t = useTexts();
  return (
    <section className={page.waits} aria-label={t.find.waits}>
      <h2>{t.find.waits}</h2>
      <ul>
        {reasons.counts.map(({ code, message, jobs }) => (
          <li key={code}><span><Text value={message} max={200} /></span> <span className={page.count}>{jobs.toLocaleString(t.language)}</span></li>
        ))}
      </ul>
      {!reasons.all && <p className={styles.hint}>{t.find.waitsFirst(MOST_REASONS)}</p>}
    </section>
  );
}

function countOf(summary: Record<(typeof COUNTS)[JobState], number>, state: string): number {
  return state in COUNTS ? summary[COUNTS[state as JobState]] : 0;
}

function StateLink({ filter, state, count }: { filter: Filter; state?: JobState; count?: number }) {
  const t = useTexts();
  const place = usePlace();
  const { status: _, ...others } = filter;
  return (
    <Link
      to="/p/$tenantId/$projectId/jobs"
      params={place}
      search={state ? { ...others, status: state } : others}
      activeOptions={{ exact: true }}
    >
      {state ? <State state={state} /> : t.jobs.all}
      <span className={page.count}>{count?.toLocaleString(t.language) ?? ""}</span>
    </Link>
  );
}

/** The filters are the address: each change is a place to come back to. */
function Filters({ filter }: { filter: Filter }) {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const types = useJobTypes(place);
  const set = (name: keyof Filter, value: string) => {
    const { [name]: _, ...others } = filter;
    void navigate({ to: "/p/$tenantId/$projectId/jobs", params: place, search: value ? { ...others, [name]: value } : others });
  };
  const known = types.data?.jobTypes.map((type) => type.jobType as string) ?? [];
  const listed = filter.type && !known.includes(filter.type) ? [...known, filter.type] : known;
  return (
    <form className={page.filters} role="search" aria-label={t.jobs.filters} onSubmit={(event) => event.preventDefault()}>
      <Words name="text" label={t.find.text} value={filter.text} set={set} type="search" />
      <label>
        {t.jobs.type}
        <select value={filter.type ?? ""} onChange={(event) => set("type", event.target.value)}>
          <option value="">{t.jobs.anyType}</option>
          {listed.map((type) => <option key={type}>{type}</option>)}
        </select>
      </label>
      <label>
        {t.jobs.priority}
        <select value={filter.priority ?? ""} onChange={(event) => set("priority", event.target.value)}>
          <option value="">{t.jobs.anyPriority}</option>
          {PRIORITIES.map((priority) => <option key={priority} value={priority}>{t.priority[priority]}</option>)}
        </select>
      </label>
      <Words name="by" label={t.jobs.by} value={filter.by} set={set} />
      <label>
        {t.jobs.from}
        <input type="date" value={filter.from ?? ""} max={filter.to} onChange={(event) => set("from", event.target.value)} />
      </label>
      <label>
        {t.jobs.to}
        <input type="date" value={filter.to ?? ""} min={filter.from} onChange={(event) => set("to", event.target.value)} />
      </label>
      <details className={page.moreFilters} open={Boolean(filter.label || filter.module || filter.not) || undefined}>
        <summary>{t.find.more}</summary>
        <div className={page.filters}>
          <Words name="label" label={t.find.label} value={filter.label} set={set} hint={t.find.labelHint} />
          <Words name="module" label={t.find.module} value={filter.module} set={set} />
          <label>
            {t.find.not}
            <select value={filter.not ?? ""} onChange={(event) => set("not", event.target.value)}>
              <option value="">{t.find.noType}</option>
              {known.map((type) => <option key={type} value={type}>{plain(type, 60)}</option>)}
            </select>
          </label>
        </div>
      </details>
      {filter.pipeline && <span className={styles.hint}>{t.find.pipeline}</span>}
      {Object.keys(filter).some((name) => name !== "status") && (
        <Link className={styles.button} to="/p/$tenantId/$projectId/jobs" params={place} search={filter.status ? { status: filter.status } : {}}>
          {t.jobs.clear}
        </Link>
      )}
    </form>
  );
}

type WordsProps = { name: keyof Filter; label: string; value: string | undefined; set: (name: keyof Filter, value: string) => void; hint?: string; type?: "text" | "search" };

/** A text of the filter, which holds when it is entered or left. */
function Words({ name, label, value, set, hint, type = "text" }: WordsProps) {
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const done = () => text.trim() !== (value ?? "") && set(name, text.trim());
  return (
    <label>
      {label}
      <input type={type} value={text} maxLength={200} placeholder={hint} data-search={name === "text" ? "" : undefined} onChange={(event) => setText(event.target.value)}
        onBlur={done} onKeyDown={(event) => event.key === "Enter" && done()} />
    </label>
  );
}

type RowsProps = { rows: ListedJob[]; reasons: Map<string, string>; address: string; selection: ReturnType<typeof useSelection>; more: (() => void) | null };

function Rows({ rows, reasons, address, selection, more }: RowsProps) {
  const t = useTexts();
  const table = useRef<HTMLTableElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(table.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]!.jobId,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - AHEAD) more?.();
  }, [last, rows.length, more]);
  useEffect(() => {
    window.scrollTo(0, scrolls.get(address) ?? 0);
    const note = () => scrolls.set(address, window.scrollY);
    window.addEventListener("scroll", note, { passive: true });
    return () => window.removeEventListener("scroll", note);
  }, [address]);
  const before = (items[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() + top - (items.at(-1)?.end ?? top);
  const { columns } = t.jobs;
  return (
    <table ref={table} className={page.table} role="table" aria-label={t.jobs.title} aria-rowcount={more ? -1 : rows.length + 1}>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          <td role="cell" />
          <th role="columnheader" scope="col">{columns.name}</th>
          <th role="columnheader" scope="col">{columns.state}</th>
          <th role="columnheader" scope="col" className={page.wide}>{columns.type}</th>
          <th role="columnheader" scope="col">{columns.created}</th>
          <th role="columnheader" scope="col">{columns.duration}</th>
          <th role="columnheader" scope="col" className={page.wide}>{columns.by}</th>
        </tr>
      </thead>
      <tbody role="rowgroup" style={{ paddingTop: before, paddingBottom: after }}>
        {items.map((item) => {
          const row = rows[item.index]!;
          return (
            <Row key={item.key} row={row} index={item.index} reason={reasons.get(row.jobId)} measure={virtual.measureElement}
              chosen={selection.has(row.jobId)} toggle={(through) => selection.toggle(rows, row, through)} />
          );
        })}
      </tbody>
    </table>
  );
}

type RowProps = { row: ListedJob; index: number; reason?: string; measure: (element: HTMLElement | null) => void; chosen: boolean; toggle: (through: boolean) => void };

function Row({ row, index, reason, measure, chosen, toggle }: RowProps) {
  const t = useTexts();
  const place = usePlace();
  const notes = [
    t.job.number(row.jobNumber),
    row.retryOf && t.jobs.retryOf,
    row.priority !== "Normal" && t.priority[row.priority as keyof typeof t.priority],
    row.warningCount > 0 && t.jobs.warnings(row.warningCount),
    row.status === "Queued" && reason,
    ...Object.entries(row.labels as Record<string, string>).map(([name, value]) => `${name}: ${value}`),
  ].filter((note): note is string => Boolean(note));
  return (
    <tr ref={measure} data-index={index} role="row" aria-rowindex={index + 2} className={cx(chosen && page.chosen)}>
      <td role="cell" className={page.select}>
        <input type="checkbox" checked={chosen} aria-label={t.bulk.select(plain(row.jobName, 100))} onChange={() => undefined} onClick={(event) => toggle(event.shiftKey)} />
      </td>
      <td role="cell" className={page.first}>
        <span className={page.name}>
          <Link to="/p/$tenantId/$projectId/jobs/$jobId" params={{ ...place, jobId: row.jobId }} title={plain(row.jobName)}>
            <Text value={row.jobName} max={200} />
          </Link>
          <span className={page.sub} title={plain(notes.join(" · "), 500)}><Text value={notes.join(" · ")} max={300} /></span>
        </span>
      </td>
      <td role="cell" className={page.progress}>
        <State state={row.status as JobState} />
        {row.status === "Running" && <Bar to={row.progress / 100} tone="running" />}
      </td>
      <td role="cell" className={cx(page.wide, page.small)}><Text value={row.jobType} max={70} /></td>
      <td role="cell" className={cx(page.small, page.time)}><Time at={row.dateCreated} /></td>
      <td role="cell" className={cx(page.small, page.took)}><Duration seconds={row.durationSeconds} /></td>
      <td role="cell" className={cx(page.wide, page.small)}><Text value={row.submittedBy} max={60} /></td>
    </tr>
  );
}
