import { useEffect, useState } from "react";
import { useTexts } from "../texts";
import { Duration, Time } from "../ui/time";
import { Bar, styles } from "../ui/ui";
import { hasEnded, type Job, type Receipt } from "./data";
import page from "./job.module.css";

type Span = { what: string; from: number; to: number; tone: string };

/** Waits, attempts and a cancel, one row each, as bars of the whole time. */
export function Timeline({ job }: { job: Job }) {
  const t = useTexts();
  const now = useNow(!hasEnded(job));
  const spans = spansOf(job, now, t.job.timeline);
  const first = spans[0]?.from ?? 0;
  const whole = Math.max(...spans.map((span) => span.to)) - first || 1;
  const { timeline } = t.job;
  return (
    <section className={styles.card}>
      <h2>{timeline.title}</h2>
      <div className={page.scroll} tabIndex={0} role="group" aria-label={timeline.title}>
        <table className={page.grid}>
          <thead><tr><th scope="col">{timeline.what}</th><th scope="col">{timeline.began}</th><th scope="col">{timeline.took}</th><th scope="col">{timeline.bar}</th></tr></thead>
          <tbody>
            {spans.map((span, index) => (
              <tr key={index}>
                <th scope="row">{span.what}</th>
                <td className={page.number}><Time at={new Date(span.from).toISOString()} /></td>
                <td className={page.number}><Duration seconds={(span.to - span.from) / 1000} /></td>
                <td className={page.barCell}><Bar from={(span.from - first) / whole} to={(span.to - first) / whole} tone={span.tone} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function spansOf(job: Job, now: number, words: ReturnType<typeof useTexts>["job"]["timeline"]): Span[] {
  const created = Date.parse(job.dateCreated);
  const ended = job.execution.endTime ? Date.parse(job.execution.endTime) : null;
  const receipts = [...job.receipts].sort((one: Receipt, other: Receipt) => one.attempt - other.attempt);
  const spans: Span[] = [];
  let at = created;
  for (const receipt of receipts) {
    // Moments have whole seconds, durations do not: a run shorter than a second begins and ends in the same one.
    const from = Math.max(Date.parse(receipt.startTime), created);
    const to = from + receipt.wallSeconds * 1000;
    spans.push({ what: spans.length === 0 ? words.waited : words.between, from: at, to: Math.max(from, at), tone: "queued" });
    const what = words.attempt(receipt.attempt) + (receipt.lost ? `, ${words.lost}` : "");
    spans.push({ what, from, to, tone: receipt.lost ? "failed" : "running" });
    at = to;
  }
  if (job.status === "Running" && job.execution.startTime) {
    const started = Math.max(Date.parse(job.execution.startTime), at);
    spans.push({ what: receipts.length === 0 ? words.waited : words.between, from: at, to: started, tone: "queued" });
    spans.push({ what: words.attempt(job.attempt), from: started, to: Math.max(now, started), tone: "running" });
  } else if (!hasEnded(job) || receipts.length === 0) {
    spans.push({ what: receipts.length === 0 ? words.waited : words.between, from: at, to: Math.max(ended ?? now, at), tone: "queued" });
  }
  if (job.cancelRequestedAt) {
    const asked = Date.parse(job.cancelRequestedAt);
    spans.push({ what: words.stopping, from: asked, to: Math.max(ended ?? now, asked), tone: "cancelled" });
  }
  return spans;
}

function useNow(counts: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!counts) return;
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, [counts]);
  return now;
}
