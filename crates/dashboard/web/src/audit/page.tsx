import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, call } from "../api/client";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import page from "../job/job.module.css";
import filters from "../jobs/jobs.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { plain, Text } from "../ui/text";
import { Time } from "../ui/time";
import { Button, Check, cx, Loading, Problem, styles } from "../ui/ui";

/** Who changed what, when, and what came of it. */
export default function AuditPage() {
  const t = useTexts();
  const place = usePlace();
  const why = useWhyNot("administrator");
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { subject?: string; all?: string };
  const [subject, setSubject] = useState(search.subject ?? "");
  useEffect(() => setSubject(search.subject ?? ""), [search.subject]);
  useEffect(() => {
    document.title = `${t.audit.title} · Fuelcell`;
  }, [t]);
  const within = search.all ? {} : { tenantId: place.tenantId, projectId: place.projectId };
  const audit = useInfiniteQuery({
    queryKey: ["audit", within, search.subject ?? ""],
    queryFn: ({ pageParam }) => {
      const query = { ...within, ...(search.subject ? { subject: search.subject } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return call(api.GET("/api/admin/audit", { params: { query } }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    enabled: why === null,
  });
  const show = (change: { subject?: string; all?: string }) => {
    const next = { ...search, ...change };
    const given = Object.fromEntries(Object.entries(next).filter(([, value]) => value));
    void navigate({ to: "/p/$tenantId/$projectId/audit", params: place, search: given });
  };
  const rows = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  const words = t.audit;
  return (
    <div className={page.page}>
      <h1>{words.title}</h1>
      <p className={styles.hint}>{words.lead}</p>
      {why && <p className={styles.empty}>{why}</p>}
      {!why && (
        <form className={filters.filters} role="search" onSubmit={(event) => { event.preventDefault(); show({ subject: subject.trim() }); }}>
          <label>{words.subject}<input type="text" value={subject} onChange={(event) => setSubject(event.target.value)} /></label>
          <Button type="submit">{words.search}</Button>
        </form>
      )}
      {!why && <Check label={words.onlyProject} checked={!search.all} onChange={(only) => show({ all: only ? "" : "yes" })} />}
      {audit.isError && !audit.data && <Problem error={audit.error} retry={() => void audit.refetch()} />}
      {!why && audit.isPending && <Loading />}
      {audit.isSuccess && rows.length === 0 && <p className={styles.empty}>{words.none}</p>}
      {rows.length > 0 && (
        <Grid label={words.title} columns={[words.when, words.who, words.action, words.target, words.outcome]}>
          {rows.map((entry) => (
            <tr key={entry.number}>
              <td className={page.number}><Time at={entry.date} /></td>
              <td><Text value={entry.subject} max={100} /></td>
              <td className={styles.broad}><code><Text value={entry.action} max={200} /></code></td>
              <td className={cx(styles.mono, styles.broad)} title={plain(`${words.request} ${entry.requestId}`)}><Text value={entry.target} max={300} /></td>
              <td>{entry.outcome === "done" ? words.done : <strong><Text value={words.refused(entry.code ?? "–", entry.repeated ?? null)} /></strong>}</td>
            </tr>
          ))}
        </Grid>
      )}
      {audit.hasNextPage && <p><Button onClick={() => void audit.fetchNextPage()} aria-busy={audit.isFetchingNextPage}>{t.common.more}</Button></p>}
    </div>
  );
}
