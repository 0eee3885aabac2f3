import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Time } from "../ui/time";
import { cx } from "../ui/ui";
import { hasEnded, type Job } from "./data";
import page from "./job.module.css";
import type { Line } from "./lines";

/** Lines before the end that are shown of a failed job. */
const NEAREST = 3;

/** How the job stands, and why, in one sentence. */
export function Sentence({ job, lines }: { job: Job; lines: Line[] }) {
  const t = useTexts();
  const { sentence } = t.job;
  const failed = job.status === "Failed";
  // The last line repeats the reason.
  const others = lines.filter((line) => !job.error || !line.message.includes(job.error.message));
  const nearest = failed ? others.slice(-NEAREST) : [];
  return (
    <section className={cx(page.sentence, page[`is${job.status}`])} aria-live="polite">
      <p><Text value={told(job, sentence)} /></p>
      {job.status === "Queued" && (
        <p className={page.more}>
          {job.queuePosition != null && `${sentence.position(job.queuePosition)} `}
          {job.estimatedStartTime && <>{sentence.starts} <Time at={job.estimatedStartTime} /></>}
        </p>
      )}
      {failed && job.error?.details && <p className={page.more}><Text value={job.error.details} max={4_000} /></p>}
      {nearest.length > 0 && (
        <>
          <p className={page.more}>{sentence.nearest}</p>
          <pre className={page.nearest} tabIndex={0}>
            {nearest.map((line, index) => <span key={index}><Text value={line.message} max={1_000} />{"\n"}</span>)}
          </pre>
        </>
      )}
    </section>
  );
}

function told(job: Job, sentence: ReturnType<typeof useTexts>["job"]["sentence"]): string {
  if (job.cancelRequested && !hasEnded(job)) return sentence.cancelling;
  switch (job.status) {
    case "Queued":
      return sentence.waits(job.waitReason?.message ?? "–");
    case "Running":
      return sentence.running(job.progress.currentStage);
    case "Failed":
      return sentence.failed(job.error?.code ?? "–", job.error?.message ?? "–");
    case "Cancelled":
      return sentence.cancelled(job.cancelledBy, job.cancelReason);
    default:
      if (job.completion === "NoItems") return sentence.noItems;
      if (job.completion === "Skipped") return sentence.skipped(job.completionReason ?? "–");
      return sentence.completed(job.metrics.recordsProcessed);
  }
}
