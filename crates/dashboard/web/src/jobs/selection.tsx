import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import { Button } from "../ui/ui";
import page from "./jobs.module.css";
import { type Filter, type ListedJob, query } from "./list";

const Bulk = lazy(() => import("./bulk"));

export type Action = "cancel" | "retry" | "delete";

/** Jobs that were selected, by their ids, or all that match. */
export function useSelection(address: string) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [every, setEvery] = useState(false);
  const last = useRef<string | null>(null);
  const clear = () => {
    setChosen(new Set());
    setEvery(false);
  };
  useEffect(clear, [address]);
  /** One job, or with `through` all from the one that was touched last. */
  const toggle = (rows: ListedJob[], job: ListedJob, through: boolean) => {
    const next = new Set(chosen);
    const on = !next.has(job.jobId);
    const [from, to] = [rows.findIndex((row) => row.jobId === last.current), rows.indexOf(job)];
    const range = through && from >= 0 ? rows.slice(Math.min(from, to), Math.max(from, to) + 1) : [job];
    range.forEach((row) => (on ? next.add(row.jobId) : next.delete(row.jobId)));
    last.current = job.jobId;
    setEvery(false);
    setChosen(next);
  };
  return { chosen, every, isEmpty: chosen.size === 0 && !every, has: (id: string) => every || chosen.has(id), toggle, clear, all: () => setEvery(true) };
}

type BarProps = { selection: ReturnType<typeof useSelection>; filter: Filter; renew: () => void };

/** What can be done with the selected jobs. */
export function SelectionBar({ selection, filter, renew }: BarProps) {
  const t = useTexts();
  const words = t.bulk;
  const [action, setAction] = useState<Action | null>(null);
  const whyNotSubmit = useWhyNot("submitter");
  const whyNotDelete = useWhyNot("administrator");
  if (selection.isEmpty) return null;
  const told = selection.every ? words.every : words.selected(selection.chosen.size);
  // The server does nothing with all jobs of a project.
  const whyNotAll = Object.keys(query(filter)).length === 0 ? words.filterFirst : null;
  const meant = selection.every ? { query: query(filter) } : { jobIds: [...selection.chosen] };
  return (
    <div className={page.bar} role="group" aria-label={told}>
      <strong role="status">{told}</strong>
      <Button why={whyNotAll} onClick={selection.all}>{words.all}</Button>
      <Button onClick={selection.clear}>{words.none}</Button>
      <Button why={whyNotSubmit} onClick={() => setAction("cancel")}>{words.cancel}</Button>
      <Button why={whyNotSubmit} onClick={() => setAction("retry")}>{words.retry}</Button>
      <Button why={whyNotDelete} look="danger" onClick={() => setAction("delete")}>{words.delete}</Button>
      {action && <Suspense><Bulk action={action} meant={meant} close={(begun) => {
        setAction(null);
        if (!begun) return;
        selection.clear();
        renew();
      }} /></Suspense>}
    </div>
  );
}
