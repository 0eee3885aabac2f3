import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { api, call, type Schemas } from "../api/client";
import { useSession } from "../app/session";
import { usePlace } from "../app/shell";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Bytes, Duration } from "../ui/time";
import { Facts, Grid } from "../ui/grid";
import { Loading, Problem, styles } from "../ui/ui";
import { Usage } from "./usage";

const Server = lazy(() => import("./server"));

/** How often the figures are asked for. */
const EVERY = 5_000;

export default function SystemPage() {
  const t = useTexts();
  const place = usePlace();
  const { tenantId } = place;
  const operates = useSession().role === "operator";
  const status = useQuery({
    queryKey: ["system", tenantId],
    queryFn: () => call(api.GET("/api/{tenantId}/execution/system/status", { params: { path: { tenantId } } })),
    refetchInterval: EVERY,
  });
  useEffect(() => {
    document.title = `${t.system.title} · Fuelcell`;
  }, [t]);
  if (status.isError && !status.data) return <Problem error={status.error} retry={() => void status.refetch()} />;
  if (!status.data) return <Loading />;
  const { queueStatistics: queue, performanceMetrics: performance, resourceUtilization: resources, executionNodes: nodes } = status.data;
  const count = (value: number | null | undefined) => value?.toLocaleString(t.language, { maximumFractionDigits: 1 }) ?? "–";
  const percent = (value: number | null | undefined) => (value == null ? "–" : `${count(value)} %`);
  const words = t.system;
  return (
    <div className={page.page}>
      <h1>{words.title}</h1>
      <div className={page.cards}>
        <Figures title={words.queue} rows={[
          [words.queued, <>{count(queue.totalQueuedJobs)} ({t.priority.Critical} {count(queue.criticalPriorityJobs)}, {t.priority.High} {count(queue.highPriorityJobs - queue.criticalPriorityJobs)}, {t.priority.Normal} {count(queue.normalPriorityJobs)}, {t.priority.Low} {count(queue.lowPriorityJobs)})</>],
          [words.running, count(queue.runningJobs)],
          [words.scheduled, count(queue.scheduledJobs)],
          [words.wait, <Duration seconds={queue.averageWaitSeconds} />],
          [words.today, count(performance.jobsCompletedToday)],
          [words.success, percent(performance.successRate)],
          [words.throughput, count(performance.throughputPerHour)],
          [words.average, <Duration seconds={performance.averageJobDurationSeconds} />],
        ]} />
        <Figures title={words.status} rows={[
          [words.status, status.data.systemStatus === "Healthy" ? words.healthy : <strong>{words.degraded}</strong>],
          [words.cpu, percent(resources.usedCpuCapacity == null ? null : (100 * resources.usedCpuCapacity) / resources.totalCpuCapacity)],
          [words.memory, <><Bytes count={resources.usedMemoryBytes} /> / <Bytes count={resources.totalMemoryBytes} /></>],
          [words.disk, <Bytes count={resources.diskBytesAvailable} />],
        ]} />
      </div>
      <Usage place={place} />
      {operates ? <Suspense fallback={<Loading />}><Server /></Suspense> : <Nodes nodes={nodes} />}
    </div>
  );
}

function Nodes({ nodes }: { nodes: Schemas["NodeDto"][] }) {
  const t = useTexts();
  const words = t.system;
  const count = (value: number | null | undefined) => value?.toLocaleString(t.language) ?? "–";
  const percent = (value: number | null | undefined) => (value == null ? "–" : `${count(value)} %`);
  return (
    <Grid label={words.nodes} columns={[words.node, words.status, words.slots, words.cpu, words.memory]}>
      {nodes.map((node) => (
        <tr key={node.nodeId}>
          <th scope="row"><Text value={node.nodeId} max={100} /></th>
          <td>{node.status === "Active" ? words.active : words.draining}</td>
          <td className={page.number}>{count(node.activeJobs)} / {count(node.jobCapacity)}</td>
          <td className={page.number}>{percent(node.cpuUsage)}</td>
          <td className={page.number}>{percent(node.memoryUsage)}</td>
        </tr>
      ))}
    </Grid>
  );
}

function Figures({ title, rows }: { title: string; rows: [string, ReactNode][] }) {
  return (
    <section className={styles.card}>
      <Facts title={title} rows={rows} />
    </section>
  );
}
