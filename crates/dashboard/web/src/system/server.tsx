import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call, type Schemas } from "../api/client";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { Text } from "../ui/text";
import { Bytes, Duration } from "../ui/time";
import { Bar, Loading, Problem, styles } from "../ui/ui";

/** How often the figures are asked for. */
const EVERY = 5_000;

type Server = Schemas["ServerAnswer"];

/** What operators see beyond their tenant: the queue of all, nodes with what they have reserved, what has waited longest. */
export default function Server() {
  const t = useTexts();
  const server = useQuery({ queryKey: ["server"], queryFn: () => call(api.GET("/api/admin/system")), refetchInterval: EVERY });
  if (!server.data) return server.isError ? <Problem error={server.error} retry={() => void server.refetch()} /> : <Loading />;
  const { storeHealthy, queue, scheduledJobs } = server.data;
  const words = t.server;
  return (
    <>
      <h2>{words.title}</h2>
      <p>{words.store}: {storeHealthy ? words.stored : <strong>{words.notStored}</strong>} · {words.scheduled}: {scheduledJobs.toLocaleString(t.language)}</p>
      <div className={page.cards}>
        <section>
          <h3>{words.lanes}</h3>
          <Grid label={words.lanes} columns={[words.lane, words.jobs, words.oldest]}>
            {queue.map((lane) => (
              <tr key={lane.priority}>
                <th scope="row">{t.priority[lane.priority as keyof typeof t.priority]}</th>
                <td className={page.number}>{lane.jobs.toLocaleString(t.language)}</td>
                <td className={page.number}><Duration seconds={lane.oldestSeconds} /></td>
              </tr>
            ))}
          </Grid>
        </section>
        <Longest server={server.data} />
      </div>
      <Nodes server={server.data} />
      <Tenants server={server.data} />
    </>
  );
}

function Longest({ server }: { server: Server }) {
  const t = useTexts();
  const words = t.server;
  return (
    <section>
      <h3>{words.waiting}</h3>
      {server.waiting.length === 0 ? <p className={styles.hint}>{words.none}</p> : (
        <Grid label={words.waiting} columns={[words.job, words.lane, words.module, words.waits]}>
          {server.waiting.map((job) => (
            <tr key={job.jobId}>
              <th scope="row">
                <Link to="/p/$tenantId/$projectId/jobs/$jobId" params={{ tenantId: job.tenantId, projectId: job.projectId, jobId: job.jobId }}>{t.job.number(job.jobNumber)}</Link>
              </th>
              <td>{t.priority[job.priority as keyof typeof t.priority]}</td>
              <td><Text value={job.module} max={100} /></td>
              <td className={page.number}><Duration seconds={job.waitedSeconds} /></td>
            </tr>
          ))}
        </Grid>
      )}
    </section>
  );
}

function Nodes({ server }: { server: Server }) {
  const t = useTexts();
  const words = t.server;
  const columns = [t.system.node, t.system.status, t.system.slots, words.reserved, t.system.cpu, words.machine, words.disk, words.dropped];
  return (
    <section>
      <h3>{t.system.nodes}</h3>
      <Grid label={t.system.nodes} columns={columns}>
        {server.nodes.map((node) => (
          <tr key={node.nodeId}>
            <th scope="row"><Text value={node.nodeId} max={100} /></th>
            <td>{node.active ? t.system.active : t.system.draining}</td>
            <td className={page.number}>{node.activeJobs} / {node.jobCapacity}<Bar to={node.activeJobs / node.jobCapacity} tone="running" /></td>
            <td className={page.number}><Bytes count={node.jobMemoryReservedBytes} /> / <Bytes count={node.jobMemoryBytes} /><Bar to={node.jobMemoryReservedBytes / node.jobMemoryBytes} tone="running" /></td>
            <td className={page.number}>{node.cpuPercent == null ? "–" : `${node.cpuPercent.toLocaleString(t.language, { maximumFractionDigits: 0 })} %`}</td>
            <td className={page.number}><Bytes count={node.memoryUsedBytes} /> / <Bytes count={node.memoryTotalBytes} /></td>
            <td className={page.number}><Bytes count={node.diskFreeBytes} /></td>
            <td className={page.number}>{node.droppedResults.toLocaleString(t.language)}</td>
          </tr>
        ))}
      </Grid>
    </section>
  );
}

function Tenants({ server }: { server: Server }) {
  const t = useTexts();
  const words = t.server;
  const count = (value: number) => value.toLocaleString(t.language);
  return (
    <section>
      <h3>{words.tenants}</h3>
      <Grid label={words.tenants} columns={[words.tenant, words.queued, words.scheduled, words.running, words.completed, words.failed]}>
        {server.tenants.map((tenant) => (
          <tr key={tenant.tenantId}>
            <th scope="row"><Text value={tenant.name} max={200} /></th>
            {[tenant.queuedJobs, tenant.scheduledJobs, tenant.runningJobs, tenant.completedToday, tenant.failedToday].map((value, index) => <td key={index} className={page.number}>{count(value)}</td>)}
          </tr>
        ))}
      </Grid>
      {server.hasMoreTenants && <p className={styles.hint}>{words.moreTenants}</p>}
    </section>
  );
}
