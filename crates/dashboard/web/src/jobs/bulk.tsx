import { useMemo, useState } from "react";
import { api, call, type Schemas } from "../api/client";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Text } from "../ui/text";
import { useMoment } from "../ui/time";
import { Button, Field, Problem, styles } from "../ui/ui";
import type { ListedJob } from "./list";
import type { Action } from "./selection";

/** Jobs of one request: each is one step of the progress. */
const AT_A_TIME = 50;
/** Above so many jobs their number is to be entered. */
const TYPED_ABOVE = 100;
/** Refused jobs that are named. */
const NAMED = 20;

const FITS: Record<Action, string[]> = {
  cancel: ["Queued", "Running"],
  retry: ["Failed", "Cancelled"],
  delete: ["Completed", "Failed", "Cancelled"],
};

type Outcome = Schemas["BulkItem"];

/** Does one thing with many jobs: which ones is settled when this opens, and each has its outcome in the end. */
export default function Bulk({ action, jobs, close }: { action: Action; jobs: ListedJob[]; close: (done: boolean) => void }) {
  const t = useTexts();
  const place = usePlace();
  const moment = useMoment();
  const words = t.bulk;
  const [frozen] = useState(() => jobs.filter((job) => FITS[action].includes(job.status)));
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [outcomes, setOutcomes] = useState<Outcome[]>([]);
  const [error, setError] = useState<unknown>(null);
  const dates = useMemo(() => frozen.map((job) => job.dateCreated).sort(), [frozen]);
  const count = frozen.length;
  const done = outcomes.length === count && count > 0;
  const mustType = count > TYPED_ABOVE;
  const send = async () => {
    if (busy || count === 0 || (mustType && typed.trim() !== String(count))) return;
    setBusy(true);
    setError(null);
    try {
      // What was done before something went wrong is not done again.
      for (let at = outcomes.length; at < count; at += AT_A_TIME) {
        const body = { action, jobIds: frozen.slice(at, at + AT_A_TIME).map((job) => job.jobId), ...(reason.trim() ? { reason: reason.trim() } : {}) };
        const answer = await call(api.POST("/api/{tenantId}/{projectId}/execution/jobs/bulk", { params: { path: place }, body }));
        setOutcomes((before) => [...before, ...answer.jobs]);
      }
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <Dialog title={words.titles[action]} close={() => !busy && close(outcomes.length > 0)}>
      {count === 0 ? <p>{words.nothing}</p> : (
        <form className={styles.ask} noValidate onSubmit={(event) => { event.preventDefault(); void send(); }}>
          <p>{words.will[action](count)}</p>
          <p className={styles.hint}>{words.span(moment(dates[0]!), moment(dates.at(-1)!))} {words.frozen}</p>
          {jobs.length > count && <p className={styles.hint}>{words.skips(jobs.length - count)}</p>}
          {action !== "delete" && outcomes.length === 0 && (
            <Field label={t.job.cancel.reason}>{(props) => <input {...props} value={reason} maxLength={1024} onChange={(event) => setReason(event.target.value)} />}</Field>
          )}
          {mustType && outcomes.length === 0 && (
            <Field label={words.type(count)}>{(props) => <input {...props} inputMode="numeric" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />}</Field>
          )}
          <div role="status">
            {(busy || outcomes.length > 0) && <><progress className={styles.meter} value={outcomes.length} max={count} aria-label={words.progress(outcomes.length, count)} /> {words.progress(outcomes.length, count)}</>}
            {done && <p>{words.done(outcomes.filter((outcome) => !outcome.error).length)}</p>}
          </div>
          <Refused outcomes={outcomes} jobs={frozen} />
          {error !== null && <Problem error={error} />}
          <div className={`${styles.row} ${styles.rowEnd}`}>
            {done ? <Button look="primary" onClick={() => close(true)}>{t.common.close}</Button> : (
              <>
                <Button onClick={() => !busy && close(outcomes.length > 0)}>{t.common.cancel}</Button>
                <Button type="submit" look={action === "retry" ? "primary" : "danger"} aria-busy={busy}
                  why={mustType && outcomes.length === 0 && typed.trim() !== String(count) ? words.type(count) : null}>{words.submit[action]}</Button>
              </>
            )}
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Refused({ outcomes, jobs }: { outcomes: Outcome[]; jobs: ListedJob[] }) {
  const { bulk } = useTexts();
  const refused = outcomes.filter((outcome) => outcome.error);
  if (refused.length === 0) return null;
  return (
    <div className={styles.problem}>
      <p>{bulk.refused(refused.length)}</p>
      <ul>
        {refused.slice(0, NAMED).map((outcome) => (
          <li key={outcome.jobId}>
            <Text value={jobs.find((job) => job.jobId === outcome.jobId)?.jobName ?? outcome.jobId} max={100} />: <Text value={outcome.error!.message} max={300} />
          </li>
        ))}
      </ul>
      {refused.length > NAMED && "…"}
    </div>
  );
}
