import { Tabs } from "@base-ui/react/tabs";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { projectUrl } from "../api/client";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import { plain, Text } from "../ui/text";
import { Duration, Since, Time } from "../ui/time";
import { Bar, Button, type JobState, Loading, Problem, State, styles } from "../ui/ui";
import { hasEnded, type Job, useJob, useResults } from "./data";
import page from "./job.module.css";
import { Log } from "./log";
import { useLog } from "./lines";
import { Outputs } from "./outputs";
import { Overview } from "./overview";
import { Parameters } from "./parameters";
import { Sentence } from "./sentence";

const Cancel = lazy(() => import("./cancel"));
const Retry = lazy(() => import("./retry"));
const Replay = lazy(() => import("./replay"));
const Choose = lazy(() => import("../compare/choose"));

type Tab = "overview" | "outputs" | "log" | "parameters";
const TABS: Tab[] = ["overview", "outputs", "log", "parameters"];

export default function JobPage() {
  const place = usePlace();
  const { jobId = "" } = useParams({ strict: false });
  const log = useLog(place, jobId);
  const job = useJob(place, jobId, log.look);
  if (job.isError && !job.data) return <Problem error={job.error} retry={() => void job.refetch()} />;
  if (!job.data) return <Loading />;
  return <JobView key={jobId} job={job.data} log={log} />;
}

function JobView({ job, log }: { job: Job; log: ReturnType<typeof useLog> }) {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { tab?: string; output?: string };
  const results = useResults(place, job);
  const tab = TABS.find((tab) => tab === search.tab) ?? "overview";
  const outputs = results.data ? [results.data.results.primaryOutput, ...results.data.results.additionalOutputs].filter((output) => output != null) : [];
  useEffect(() => {
    document.title = `${plain(job.jobName, 60)} · ${t.state[job.status as JobState]} · Fuelcell`;
  }, [job.jobName, job.status, t]);
  const choose = (tab: Tab) =>
    void navigate({ to: "/p/$tenantId/$projectId/jobs/$jobId", params: { ...place, jobId: job.jobId }, search: { tab }, replace: true });
  return (
    <div className={page.page}>
      <p><Link to="/p/$tenantId/$projectId/jobs" params={place}>← {t.nav.jobs}</Link></p>
      <header className={page.head}>
        <div className={page.title}>
          <h1><Text value={job.jobName} max={300} /></h1>
          <div className={page.meta}>
            <State state={job.status as JobState} cancelling={job.cancelRequested && !hasEnded(job)} />
            <span>{t.job.number(job.jobNumber)}</span>
            <Text value={job.jobType} max={70} />
            <Time at={job.dateCreated} />
            {job.execution.startTime && (
              <span>{job.execution.endTime ? <Duration seconds={job.progress.elapsedSeconds} /> : <Since at={job.execution.startTime} />}</span>
            )}
          </div>
        </div>
        <Actions job={job} />
      </header>
      <Sentence job={job} lines={log.tail} />
      {job.status === "Running" && (
        <div className={page.progressRow} role="progressbar" aria-label={t.job.progress} aria-valuemin={0} aria-valuemax={100} aria-valuenow={job.progress.percentage}>
          <Bar to={job.progress.percentage / 100} tone="running" />
          <span>{t.jobs.progress(job.progress.percentage)}</span>
        </div>
      )}
      <Tabs.Root value={tab} onValueChange={(value) => choose(value as Tab)}>
        <Tabs.List className={page.tabs} activateOnFocus={false}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t.job.tabs[name]}
              {name === "outputs" && outputs.length > 0 && ` (${outputs.length})`}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview" className={page.panel}><Overview job={job} results={results.data} /></Tabs.Panel>
        <Tabs.Panel value="outputs" className={page.panel}>
          {!hasEnded(job) ? <p className={styles.empty}>{t.job.outputs.later}</p> : <Outputs job={job} query={results} outputs={outputs} chosen={search.output} />}
        </Tabs.Panel>
        <Tabs.Panel value="log" className={page.panel}><Log log={log} running={!hasEnded(job)} dropped={job.receipt?.droppedLogLines ?? 0} /></Tabs.Panel>
        <Tabs.Panel value="parameters" className={page.panel}>
          {!hasEnded(job) ? <p className={styles.empty}>{t.job.parameters.later}</p> : <Parameters query={results} />}
        </Tabs.Panel>
      </Tabs.Root>
    </div>
  );
}

function Actions({ job }: { job: Job }) {
  const t = useTexts();
  const place = usePlace();
  const [asks, setAsks] = useState<"cancel" | "retry" | "replay" | "compare" | null>(null);
  const needs = useWhyNot("submitter");
  const ended = hasEnded(job);
  const whyNotCancel = needs ?? (job.cancelRequested ? t.job.cannot.cancelAsked : null);
  const canRetry = job.status === "Failed" || job.status === "Cancelled";
  return (
    <div className={styles.row}>
      {!ended && <Button look="danger" why={whyNotCancel} onClick={() => setAsks("cancel")}>{t.job.actions.cancel}</Button>}
      {canRetry && <Button look="primary" why={needs} onClick={() => setAsks("retry")}>{t.job.actions.retry}</Button>}
      {ended && <Button why={needs} onClick={() => setAsks("replay")}>{t.replay.open}</Button>}
      <Button onClick={() => setAsks("compare")}>{t.compare.with}</Button>
      {ended && (
        <a className={styles.button} href={projectUrl(place, `execution/job/${job.jobId}/results?format=download`)} download>
          {t.job.actions.data}
        </a>
      )}
      <Suspense>
        {asks === "cancel" && <Cancel job={job} close={() => setAsks(null)} />}
        {asks === "replay" && <Replay job={job} close={() => setAsks(null)} />}
        {asks === "compare" && <Choose job={job} close={() => setAsks(null)} />}
        {asks === "retry" && <Retry job={job} close={() => setAsks(null)} />}
      </Suspense>
    </div>
  );
}
