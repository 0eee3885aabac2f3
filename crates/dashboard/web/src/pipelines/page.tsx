import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { api, call } from "../api/client";
import { useLive, useThrottled } from "../app/live";
import { useWhyNot } from "../app/session";
import { usePlace } from "../app/shell";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { plain, Text } from "../ui/text";
import { Time, useMoment } from "../ui/time";
import { Button, type JobState, Loading, Problem, State, styles } from "../ui/ui";
import { type Pipeline, reschedule, runNow, runsKey, useLastRuns, usePipelines } from "./data";
import { When } from "./when";

const Ask = lazy(() => import("../ui/ask"));
const Edit = lazy(() => import("./edit"));
const Schedule = lazy(() => import("./schedule"));

/** Runs to come that are shown. */
const NEXT = 3;

export default function PipelinesPage() {
  const t = useTexts();
  const place = usePlace();
  const pipelines = usePipelines(place);
  const client = useQueryClient();
  const whyNotMake = useWhyNot("administrator");
  const [makes, setMakes] = useState(false);
  const [told, setTold] = useState("");
  const [error, setError] = useState<unknown>(null);
  const look = useThrottled(() => void client.invalidateQueries({ queryKey: ["runs", place.tenantId, place.projectId] }), 1_000);
  useLive((told) => told.event !== "progress" && told.event !== "log" && look());
  useEffect(() => {
    document.title = `${t.pipelines.title} · Fuelcell`;
  }, [t]);
  const rows = pipelines.data?.pages.flatMap((page) => page.pipelines) ?? [];
  const { columns } = t.pipelines;
  const act = (done: Promise<string>) => {
    setError(null);
    void done.then(setTold, setError);
  };
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{t.pipelines.title}</h1>
        <Button why={whyNotMake} onClick={() => setMakes(true)}>{t.pipelines.make}</Button>
        {makes && <Suspense><Edit pipeline={null} close={() => setMakes(false)} /></Suspense>}
      </header>
      <p role="status" className={styles.hint}>{told && <Text value={told} />}</p>
      {error !== null && <Problem error={error} />}
      {pipelines.isError && !pipelines.data && <Problem error={pipelines.error} retry={() => void pipelines.refetch()} />}
      {pipelines.isPending && <Loading />}
      {pipelines.isSuccess && rows.length === 0 && <p className={styles.empty}>{t.pipelines.empty}</p>}
      {rows.length > 0 && (
        <Grid label={t.pipelines.title} columns={[columns.name, columns.when, columns.next, columns.last, columns.actions]}>
          {rows.map((pipeline) => <Row key={pipeline.pipelineId} pipeline={pipeline} act={act} />)}
        </Grid>
      )}
      {pipelines.hasNextPage && <p><Button onClick={() => void pipelines.fetchNextPage()}>{t.common.more}</Button></p>}
    </div>
  );
}

function Row({ pipeline, act }: { pipeline: Pipeline; act: (done: Promise<string>) => void }) {
  const t = useTexts();
  const place = usePlace();
  const { schedule } = pipeline;
  const words = t.pipelines;
  return (
    <tr>
      <th scope="row" className={styles.short}>
        <Text value={pipeline.name} max={200} />
        <div className={styles.hint}>{words.number(pipeline.pipelineNumber)} · <Text value={pipeline.jobType} max={70} /></div>
      </th>
      <td className={styles.broad}>
        {schedule === null ? words.byHand : <When cron={schedule.cron} zone={schedule.timeZone} />}
        {schedule && !schedule.enabled && <div><strong>{words.paused}</strong></div>}
        {schedule?.lastSkipped && <div className={styles.hint}><Text value={words.skipped(schedule.lastSkipped.reason)} max={300} /></div>}
      </td>
      <td className={page.number}>
        {schedule?.enabled && schedule.nextRuns.length > 0
          ? schedule.nextRuns.slice(0, NEXT).map((run) => <div key={run}><Time at={run} /></div>)
          : words.noNext}
      </td>
      <td className={styles.broad}><LastRuns pipeline={pipeline} /><div className={styles.line}><Link to="/p/$tenantId/$projectId/jobs" params={place} search={{ pipeline: pipeline.pipelineId }}>{words.toJobs}</Link></div></td>
      <td><Actions pipeline={pipeline} act={act} /></td>
    </tr>
  );
}

/** The newest run first, each a link to its job. */
function LastRuns({ pipeline }: { pipeline: Pipeline }) {
  const t = useTexts();
  const place = usePlace();
  const moment = useMoment();
  const runs = useLastRuns(place, pipeline.pipelineId);
  if (!runs.data) return runs.isError ? <Problem error={runs.error} /> : <>…</>;
  const { jobs } = runs.data;
  if (jobs.length === 0) return <>{t.pipelines.noRuns}</>;
  const [latest, ...others] = jobs;
  return (
    <div className={styles.row}>
      <Link to="/p/$tenantId/$projectId/jobs/$jobId" params={{ ...place, jobId: latest!.jobId }} title={moment(latest!.dateCreated)} className={styles.bare}>
        <State state={latest!.status as JobState} />
      </Link>
      {others.map((job) => (
        <Link key={job.jobId} to="/p/$tenantId/$projectId/jobs/$jobId" params={{ ...place, jobId: job.jobId }} className={styles.bare}
          title={`${t.state[job.status as JobState]} · ${moment(job.dateCreated)}`} aria-label={`${t.state[job.status as JobState]} · ${moment(job.dateCreated)}`}>
          <State state={job.status as JobState} short />
        </Link>
      ))}
    </div>
  );
}

function Actions({ pipeline, act }: { pipeline: Pipeline; act: (done: Promise<string>) => void }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const [asks, setAsks] = useState<"schedule" | "edit" | "delete" | null>(null);
  const whyNotRun = useWhyNot("submitter");
  const whyNotChange = useWhyNot("administrator");
  const { schedule } = pipeline;
  const words = t.pipelines;
  const name = plain(pipeline.name, 60);
  const run = async () => {
    await runNow(place, pipeline);
    await client.invalidateQueries({ queryKey: runsKey(place, pipeline.pipelineId) });
    return words.started(pipeline.name);
  };
  const close = () => setAsks(null);
  const remove = async () => {
    await call(api.DELETE("/api/{tenantId}/{projectId}/pipelines/{pipelineId}", { params: { path: { ...place, pipelineId: pipeline.pipelineId } } }));
    await client.invalidateQueries({ queryKey: ["pipelines"] });
  };
  const pause = async (enabled: boolean) => {
    await reschedule(place, pipeline.pipelineId, (schedule) => schedule && { ...schedule, enabled });
    await client.invalidateQueries({ queryKey: ["pipelines"] });
    return "";
  };
  return (
    <div className={styles.row}>
      <Button why={whyNotRun} onClick={() => act(run())} aria-label={words.runs(name)}>{words.run}</Button>
      {whyNotChange ? <span className={styles.hint}>{whyNotChange}</span> : (
        <>
          {schedule && <Button onClick={() => act(pause(!schedule.enabled))} aria-label={`${schedule.enabled ? words.pause : words.resume}: ${name}`}>{schedule.enabled ? words.pause : words.resume}</Button>}
          <Button onClick={() => setAsks("schedule")} aria-label={`${words.schedule}: ${name}`}>{words.schedule}</Button>
          <Button onClick={() => setAsks("edit")} aria-label={words.edits(name)}>{words.edit}</Button>
          <Button look="danger" onClick={() => setAsks("delete")} aria-label={words.removes(name)}>{words.remove}</Button>
        </>
      )}
      <Suspense>
        {asks === "schedule" && <Schedule pipeline={pipeline} close={close} />}
        {asks === "edit" && <Edit pipeline={pipeline} close={close} />}
        {asks === "delete" && <Ask title={words.removes(name)} submit={words.remove} look="danger" act={remove} close={close}><p>{words.sureRemove}</p></Ask>}
      </Suspense>
    </div>
  );
}
