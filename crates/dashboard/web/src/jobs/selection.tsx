import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import { Button, Problem, styles } from "../ui/ui";
import page from "./jobs.module.css";
import { collect, type Filter, type ListedJob, MOST_COLLECTED } from "./list";

const Bulk = lazy(() => import("./bulk"));

export type Action = "cancel" | "retry" | "delete";

/** Jobs that were selected, by their ids, as they stood then. */
export function useSelection(address: string) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, ListedJob>>(new Map());
  const last = useRef<string | null>(null);
  useEffect(() => setChosen(new Map()), [address]);
  /** One job, or with `through` all from the one that was touched last. */
  const toggle = (rows: ListedJob[], job: ListedJob, through: boolean) => {
    const next = new Map(chosen);
    const on = !next.has(job.jobId);
    const [from, to] = [rows.findIndex((row) => row.jobId === last.current), rows.indexOf(job)];
    const range = through && from >= 0 ? rows.slice(Math.min(from, to), Math.max(from, to) + 1) : [job];
    range.forEach((row) => (on ? next.set(row.jobId, row) : next.delete(row.jobId)));
    last.current = job.jobId;
    setChosen(next);
  };
  return { chosen, toggle, clear: () => setChosen(new Map()), replace: (jobs: ListedJob[]) => setChosen(new Map(jobs.map((job) => [job.jobId, job]))) };
}

type BarProps = { selection: ReturnType<typeof useSelection>; rows: ListedJob[]; filter: Filter; renew: () => void };

/** What can be done with the selected jobs. */
export function SelectionBar({ selection, rows, filter, renew }: BarProps) {
  const t = useTexts();
  const place = usePlace();
  const words = t.bulk;
  const [action, setAction] = useState<Action | null>(null);
  const [collecting, setCollecting] = useState<number | null>(null);
  const [tooMany, setTooMany] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  const whyNotSubmit = useWhyNot("submitter");
  const whyNotDelete = useWhyNot("administrator");
  useEffect(() => () => stop.current?.abort(), []);
  if (selection.chosen.size === 0) return null;
  const all = async () => {
    stop.current = new AbortController();
    setError(null);
    setTooMany(false);
    setCollecting(0);
    try {
      const found = await collect(place, filter, setCollecting, stop.current.signal);
      if (found === null) setTooMany(true);
      else if (!stop.current.signal.aborted) selection.replace(found);
    } catch (failure) {
      setError(failure);
    }
    setCollecting(null);
  };
  const chosen = [...selection.chosen.values()].map((job) => rows.find((row) => row.jobId === job.jobId) ?? job);
  return (
    <div className={page.bar} role="group" aria-label={words.selected(chosen.length)}>
      <strong role="status">{collecting === null ? words.selected(chosen.length) : words.collecting(collecting)}</strong>
      <Button onClick={() => void all()} aria-busy={collecting !== null}>{words.all}</Button>
      <Button onClick={selection.clear}>{words.none}</Button>
      <Button why={whyNotSubmit} onClick={() => setAction("cancel")}>{words.cancel}</Button>
      <Button why={whyNotSubmit} onClick={() => setAction("retry")}>{words.retry}</Button>
      <Button why={whyNotDelete} look="danger" onClick={() => setAction("delete")}>{words.delete}</Button>
      {tooMany && <p className={styles.fault} role="alert">{words.tooMany(MOST_COLLECTED.toLocaleString(t.language))}</p>}
      {error !== null && <Problem error={error} />}
      {action && <Suspense><Bulk action={action} jobs={chosen} close={(done) => {
        setAction(null);
        if (!done) return;
        selection.clear();
        renew();
      }} /></Suspense>}
    </div>
  );
}
