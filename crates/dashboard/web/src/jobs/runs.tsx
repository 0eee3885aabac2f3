import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call, type Schemas } from "../api/client";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Grid } from "../ui/grid";
import { Text } from "../ui/text";
import { Time } from "../ui/time";
import { Button, cx, Loading, Problem, styles } from "../ui/ui";

type Run = Schemas["BulkRunAnswer"];
type Outcome = "Done" | "Skipped" | "Failed" | "Open";

/** How often one that runs is looked at. */
const LOOK = 1_000;
const SHOWN = 50;
const OUTCOMES: Outcome[] = ["Done", "Skipped", "Failed", "Open"];

/** One bulk action, as far as it is. */
export function useRun(bulkId: string) {
  const place = usePlace();
  return useQuery({
    queryKey: ["bulk", place.tenantId, place.projectId, bulkId],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/bulk/{bulkId}", { params: { path: { ...place, bulkId } } })),
    refetchInterval: (query) => (query.state.data?.status === "Running" ? LOOK : false),
  });
}

export function Progress({ run }: { run: Run }) {
  const { bulk } = useTexts();
  const told = bulk.progress(run.jobs - run.left, run.jobs);
  return (
    <div role="status">
      <progress className={styles.meter} value={run.jobs - run.left} max={run.jobs} aria-label={told} /> {told}
      <p className={styles.hint}>{bulk.counts(run.done, run.skipped, run.failed)}</p>
    </div>
  );
}

/** What became of each job. */
export function Outcomes({ id, first }: { id: string; first: Outcome | "" }) {
  const t = useTexts();
  const place = usePlace();
  const words = t.bulk;
  const [outcome, setOutcome] = useState<Outcome | "">(first);
  const list = useInfiniteQuery({
    queryKey: ["bulk-jobs", id, outcome],
    queryFn: ({ pageParam }) => {
      const query = { limit: SHOWN, ...(outcome ? { outcome } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return call(api.GET("/api/{tenantId}/{projectId}/execution/bulk/{bulkId}/jobs", { params: { path: { ...place, bulkId: id }, query } }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
  });
  const rows = list.data?.pages.flatMap((page) => page.jobs) ?? [];
  return (
    <>
      <label className={styles.row}>
        {words.outcome}
        <select value={outcome} onChange={(event) => setOutcome(event.target.value as Outcome | "")}>
          <option value="">{words.anyOutcome}</option>
          {OUTCOMES.map((one) => <option key={one} value={one}>{words.outcomes[one]}</option>)}
        </select>
      </label>
      {list.isPending && <Loading />}
      {list.isError && <Problem error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && rows.length === 0 && <p className={styles.empty}>{words.noJobs}</p>}
      {rows.length > 0 && (
        <Grid label={words.ofJobs} columns={[words.job, words.outcome, words.why]}>
          {rows.map((job) => (
            <tr key={job.jobId}>
              <td><JobLink id={job.jobId}>{t.job.number(job.jobNumber)}</JobLink></td>
              <td>{words.outcomes[job.outcome as Outcome]}</td>
              <td className={styles.broad}>{job.newJobId ? <JobLink id={job.newJobId}>{words.newJob}</JobLink> : <Text value={job.error?.message ?? ""} max={300} />}</td>
            </tr>
          ))}
        </Grid>
      )}
      {list.hasNextPage && <p><Button onClick={() => void list.fetchNextPage()} aria-busy={list.isFetchingNextPage}>{t.common.more}</Button></p>}
    </>
  );
}

/** A relative address: one that begins with `#` is taken for a way to a place of this page where it is scrolled out of sight. */
function JobLink({ id, children }: { id: string; children: string }) {
  const { tenantId, projectId } = usePlace();
  return <a href={`./#/p/${tenantId}/${projectId}/jobs/${id}`}>{children}</a>;
}

/** Bulk actions that run, and those that have ended. */
export default function Runs({ close }: { close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const words = t.bulk;
  const [shown, setShown] = useState<string | null>(null);
  const runs = useQuery({
    queryKey: ["bulks", place.tenantId, place.projectId],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/bulk", { params: { path: place, query: { limit: SHOWN } } })),
    refetchInterval: (query) => (query.state.data?.bulkActions.some((run) => run.status === "Running") ? LOOK : false),
  });
  const all = runs.data?.bulkActions ?? [];
  return (
    <Dialog title={words.runs} close={close}>
      <div className={styles.ask}>
        <p className={styles.hint}>{words.runsLead}</p>
        {runs.isPending && <Loading />}
        {runs.isError && <Problem error={runs.error} retry={() => void runs.refetch()} />}
        {runs.isSuccess && all.length === 0 && <p className={styles.empty}>{words.noRuns}</p>}
        {all.map((run) => <Shown key={run.bulkId} run={run} open={shown === run.bulkId} toggle={() => setShown(shown === run.bulkId ? null : run.bulkId)} />)}
        <div className={`${styles.row} ${styles.rowEnd}`}><Button onClick={close}>{t.common.close}</Button></div>
      </div>
    </Dialog>
  );
}

function Shown({ run, open, toggle }: { run: Run; open: boolean; toggle: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const words = t.bulk;
  const [error, setError] = useState<unknown>(null);
  const why = useWhyNot(run.action === "delete" ? "administrator" : "submitter");
  const action = words[run.action as "cancel" | "retry" | "delete"];
  const stop = async () => {
    setError(null);
    try {
      await call(api.POST("/api/{tenantId}/{projectId}/execution/bulk/{bulkId}/stop", { params: { path: { ...place, bulkId: run.bulkId } } }));
    } catch (failure) {
      setError(failure);
    }
    await client.invalidateQueries({ queryKey: ["bulks", place.tenantId, place.projectId] });
  };
  return (
    <section className={cx(styles.card, styles.ask)} aria-label={`${action}: ${words.states[run.status as keyof typeof words.states]}`}>
      <p><strong>{action}</strong> · {words.states[run.status as keyof typeof words.states]} · <Time at={run.dateCreated} /> · <Text value={run.submittedBy} max={60} /></p>
      {run.reason && <p><Text value={run.reason} max={300} /></p>}
      <Progress run={run} />
      {run.stop && <p><Text value={run.stop.message} max={300} /></p>}
      {error !== null && <Problem error={error} />}
      <div className={styles.row}>
        <Button onClick={toggle} aria-expanded={open}>{words.ofJobs}</Button>
        {run.status === "Running" && <Button look="danger" why={why} onClick={() => void stop()}>{words.stop}</Button>}
      </div>
      {open && <Outcomes id={run.bulkId} first="" />}
    </section>
  );
}
