import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useId, useState } from "react";
import { api, call, type Place } from "../api/client";
import { filterOf, useSaved } from "../saved/data";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { plain } from "../ui/text";
import { styles } from "../ui/ui";

type Entry = { kind: string; name: string; more?: string; path: string };

const PAGES = ["jobs", "submit", "datasets", "pipelines", "modules", "system", "access", "audit"] as const;
const MOST = 8;

/** Pages, jobs, pipelines and modules by name, and jobs by id: what is entered is looked for, the arrows choose. */
export default function Palette({ place, close }: { place: Place; close: () => void }) {
  const t = useTexts();
  const id = useId();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries(place, useDeferredValue(text.trim()));
  const words = t.palette;
  const chosen = Math.min(at, entries.length - 1);
  const go = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    void navigate({ to: `/p/${place.tenantId}/${place.projectId}/${entry.path}` as never });
  };
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || entries.length === 0) return;
    event.preventDefault();
    setAt((chosen + step + entries.length) % entries.length);
  };
  return (
    <Dialog title={words.title} close={close}>
      <form className={styles.ask} onSubmit={(event) => { event.preventDefault(); go(entries[chosen]); }}>
        <input type="text" role="combobox" aria-label={words.placeholder} placeholder={words.placeholder} aria-expanded={entries.length > 0} aria-controls={`${id}-list`} autoComplete="off" spellCheck={false}
          aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined} value={text} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={move} />
        <p role="status" className={styles.hint}>{entries.length === 0 ? words.none : words.count(entries.length)}</p>
        <ul id={`${id}-list`} role="listbox" aria-label={words.title} className={styles.palette}>
          {entries.map((entry, index) => (
            <li key={`${entry.path} ${entry.name}`} id={`${id}-${index}`} role="option" aria-selected={index === chosen} onClick={() => go(entry)} onPointerMove={() => setAt(index)}>
              <span>{plain(entry.name, 80)}</span>
              <span className={styles.hint}>{plain([entry.kind, entry.more].filter(Boolean).join(" · "), 80)}</span>
            </li>
          ))}
        </ul>
      </form>
    </Dialog>
  );
}

function useEntries(place: Place, text: string): Entry[] {
  const t = useTexts();
  const key = [place.tenantId, place.projectId];
  const jobs = useQuery({
    queryKey: ["palette", ...key, text],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/jobs", { params: { path: place, query: { pageSize: MOST, ...(text ? { text } : {}) } } })),
  });
  const pipelines = useQuery({ queryKey: ["palette-pipelines", ...key], queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/pipelines", { params: { path: place, query: { pageSize: 100 } } })) });
  const modules = useQuery({ queryKey: ["palette-modules", ...key], queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/modules", { params: { path: place } })) });
  const views = useSaved(place, "views");
  const words = t.palette;
  const matches = (name: string) => name.toLowerCase().includes(text.toLowerCase());
  return [
    ...PAGES.filter((page) => matches(t.nav[page])).map((page) => ({ kind: words.page, name: t.nav[page], path: page })),
    ...(text ? (views.data ?? []) : []).filter((view) => matches(view.name)).slice(0, MOST).map((view) => ({ kind: words.view, name: view.name, path: `jobs?${new URLSearchParams(filterOf(view.query ?? "").filter as Record<string, string>)}` })),
    ...(jobs.data?.jobs ?? []).map((job) => ({ kind: words.job, name: job.jobName, more: `${t.job.number(job.jobNumber)} · ${t.state[job.status as keyof typeof t.state]}`, path: `jobs/${job.jobId}` })),
    ...(text ? (pipelines.data?.pipelines ?? []) : []).filter((pipeline) => matches(pipeline.name)).slice(0, MOST).map((pipeline) => ({ kind: words.pipeline, name: pipeline.name, path: `jobs?pipeline=${pipeline.pipelineId}` })),
    ...(text ? (modules.data?.modules ?? []) : []).filter((module) => matches(module.name)).slice(0, MOST).map((module) => ({ kind: words.module, name: module.name, path: `modules/${encodeURIComponent(module.name)}` })),
  ];
}
