import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Bytes, Duration, Time } from "../ui/time";
import { Bar, styles } from "../ui/ui";
import type { Job, Receipt, Results } from "./data";
import page from "./job.module.css";
import { Timeline } from "./timeline";

export function Overview({ job, results }: { job: Job; results: Results | undefined }) {
  return (
    <div className={page.cards}>
      <div className={page.column}>
        <Timeline job={job} />
        <Facts job={job} />
      </div>
      <div className={page.column}>
        {job.receipt && <Usage receipt={job.receipt} />}
        <Inputs job={job} />
      </div>
      {results && <Findings results={results} />}
    </div>
  );
}

/** Limits against what the last attempt used, from its receipt. */
function Usage({ receipt }: { receipt: Receipt }) {
  const t = useTexts();
  const { usage } = t.job;
  const { limits } = receipt;
  const count = (value: number | null | undefined) => (value == null ? "–" : value.toLocaleString(t.language));
  const fuel = `${receipt.fuelIsLowerBound ? `${usage.atLeast} ` : ""}${count(receipt.fuel)}`;
  const rows: [string, ReactNode, ReactNode, number | null][] = [
    [usage.fuel, fuel, limits.fuel == null ? t.common.unlimited : count(limits.fuel), share(receipt.fuel, limits.fuel)],
    [usage.time, <Duration seconds={receipt.wallSeconds} />, <Duration seconds={limits.timeoutSeconds} />, share(receipt.wallSeconds, limits.timeoutSeconds)],
    [usage.memory, <Bytes count={receipt.peakMemoryBytes} />, <Bytes count={limits.memoryBytes} />, share(receipt.peakMemoryBytes, limits.memoryBytes)],
    [usage.disk, <Bytes count={receipt.peakDiskBytes} />, <Bytes count={limits.diskBytes} />, share(receipt.peakDiskBytes, limits.diskBytes)],
    [usage.log, <Bytes count={receipt.logBytes} />, <Bytes count={limits.logBytes} />, share(receipt.logBytes, limits.logBytes)],
    [usage.cpu, <Duration seconds={receipt.cpuSeconds} />, "–", null],
  ];
  const percent = (value: number) => {
    const text = (shown: number) => shown.toLocaleString(t.language, { style: "percent", maximumFractionDigits: shown < 0.1 ? 1 : 0 });
    return value > 0 && value < 0.001 ? `< ${text(0.001)}` : text(value);
  };
  return (
    <section className={styles.card}>
      <h2>{usage.title} <small className={styles.hint}>{usage.attempt(receipt.attempt)}</small></h2>
      <div className={page.scroll} tabIndex={0} role="group" aria-label={usage.title}>
        <table className={page.grid}>
          <thead><tr><th scope="col">{usage.what}</th><th scope="col">{usage.used}</th><th scope="col">{usage.limit}</th><th scope="col">{usage.share}</th></tr></thead>
          <tbody>
            {rows.map(([what, used, limit, part]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td className={page.number}>{used}</td>
                <td className={page.number}>{limit}</td>
                <td className={page.barCell}>{part === null ? "–" : <>{percent(part)}<Bar to={part} tone={part > 0.9 ? "failed" : "accent"} /></>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function share(used: number | null | undefined, limit: number | null | undefined): number | null {
  return used == null || limit == null || limit === 0 ? null : used / limit;
}

function Facts({ job }: { job: Job }) {
  const t = useTexts();
  const place = usePlace();
  const { facts } = t.job;
  const labels = Object.entries(job.labels as Record<string, string>);
  const rows: [string, ReactNode][] = [
    [facts.type, <Text value={job.jobType} />],
    [facts.module, <Text value={`${job.module.name} ${job.module.version}`} />],
    [facts.resource, job.resource.resourceId && <Text value={job.resource.resourceName} />],
    [facts.description, job.jobDescription && <Text value={job.jobDescription} max={4_096} />],
    [facts.priority, t.priority[job.priority as keyof typeof t.priority]],
    [facts.by, <Text value={job.execution.submittedBy} />],
    [facts.created, <Time at={job.dateCreated} />],
    [facts.scheduled, job.scheduledTime && <Time at={job.scheduledTime} />],
    [facts.node, job.execution.executionNode && <Text value={job.execution.executionNode} />],
    [facts.labels, labels.length > 0 && (
      <span className={page.labels}>{labels.map(([name, value]) => <span key={name}><Text value={`${name}: ${value}`} max={300} /></span>)}</span>
    )],
    [facts.retryOf, job.retryOf && (
      <Link to="/p/$tenantId/$projectId/jobs/$jobId" params={{ ...place, jobId: job.retryOf }}><span className={styles.mono}>{job.retryOf}</span></Link>
    )],
    [facts.retryReason, job.retryReason && <Text value={job.retryReason} />],
    [facts.digest, <span className={styles.mono}>{job.module.digest}</span>],
    [facts.id, <span className={styles.mono}>{job.jobId}</span>],
  ];
  return (
    <section className={styles.card}>
      <h2>{facts.title}</h2>
      <dl className={page.facts}>
        {rows.filter(([, value]) => value).map(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
      </dl>
    </section>
  );
}

function Inputs({ job }: { job: Job }) {
  const t = useTexts();
  const place = usePlace();
  return (
    <section className={styles.card}>
      <h2>{t.job.inputs.title}</h2>
      {job.inputs.length === 0 ? (
        <p className={styles.hint}>{t.job.inputs.none}</p>
      ) : (
        <dl className={page.facts}>
          {job.inputs.map((input) => [
            <dt key={`${input.name}-name`}><Text value={input.name} max={200} /></dt>,
            <dd key={input.name}>
              {input.datasetId ? (
                <Link to="/p/$tenantId/$projectId/datasets" params={place} search={{ dataset: input.datasetId }}><Text value={input.fileName} max={200} /></Link>
              ) : <Text value={input.fileName} max={200} />}{" "}
              (<Bytes count={input.sizeBytes} />)
              <div className={styles.mono} title="SHA-256">{input.digest}</div>
            </dd>,
          ])}
        </dl>
      )}
    </section>
  );
}

function Findings({ results }: { results: Results }) {
  const t = useTexts();
  const { findings } = t.job;
  const { warnings, processingErrors } = results.qualityMetrics;
  const rows = [...processingErrors.map((found) => ({ ...found, grade: findings.error })), ...warnings.map((found) => ({ ...found, grade: findings.warning }))];
  if (rows.length === 0) return null;
  return (
    <section className={`${styles.card} ${page.wideCard}`}>
      <h2>{findings.title}</h2>
      <div className={page.scroll} tabIndex={0} role="group" aria-label={findings.title}>
        <table className={page.grid}>
          <tbody>
            {rows.map((found, index) => (
              <tr key={index}>
                <th scope="row">{found.grade}</th>
                <td><Text value={found.type} max={200} /></td>
                <td><Text value={found.message} /></td>
                <td className={page.number}>{findings.times(Number(found.count))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

