import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { api, call } from "../api/client";
import { usePlace } from "../app/shell";
import list from "../datasets/datasets.module.css";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Bytes, Duration } from "../ui/time";
import { Loading, Problem, styles } from "../ui/ui";

/** How often the figures are asked for. */
const EVERY = 5_000;

export default function SystemPage() {
  const t = useTexts();
  const { tenantId } = usePlace();
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
          [words.status, <Text value={status.data.systemStatus} max={100} />],
          [words.cpu, percent(resources.usedCpuCapacity == null ? null : (100 * resources.usedCpuCapacity) / resources.totalCpuCapacity)],
          [words.memory, <><Bytes count={resources.usedMemoryBytes} /> / <Bytes count={resources.totalMemoryBytes} /></>],
          [words.disk, <Bytes count={resources.diskBytesAvailable} />],
        ]} />
      </div>
      <div className={list.tableFrame} tabIndex={0} role="group" aria-label={words.nodes}>
        <table className={page.grid}>
          <thead><tr><th scope="col">{words.node}</th><th scope="col">{words.status}</th><th scope="col">{words.slots}</th><th scope="col">{words.cpu}</th><th scope="col">{words.memory}</th></tr></thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.nodeId}>
                <th scope="row"><Text value={node.nodeId} max={100} /></th>
                <td><Text value={node.status} max={100} /></td>
                <td className={page.number}>{count(node.activeJobs)} / {count(node.jobCapacity)}</td>
                <td className={page.number}>{percent(node.cpuUsage)}</td>
                <td className={page.number}>{percent(node.memoryUsage)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Figures({ title, rows }: { title: string; rows: [string, ReactNode][] }) {
  return (
    <section className={styles.card}>
      <h2>{title}</h2>
      <dl className={page.facts}>{rows.map(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}</dl>
    </section>
  );
}
