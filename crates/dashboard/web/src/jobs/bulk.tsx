import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, call, type Schemas } from "../api/client";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Text } from "../ui/text";
import { useMoment } from "../ui/time";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";
import { Outcomes, Progress, useRun } from "./runs";
import type { Action } from "./selection";

/** Above so many jobs their number is to be entered. */
const TYPED_ABOVE = 100;

/** Which jobs are meant: these, or those that match. */
export type Meant = { jobIds: string[] } | { query: Record<string, string | number> };

/** Does one thing with many jobs: the server freezes which ones, says what it would come to, and does it by itself. */
export default function Bulk({ action, meant, close }: { action: Action; meant: Meant; close: (begun: boolean) => void }) {
  const t = useTexts();
  const place = usePlace();
  const id = useId();
  const [begun, setBegun] = useState<string | null>(null);
  const preview = useQuery({
    queryKey: ["bulk-preview", id],
    queryFn: () => {
      const [query, jobIds] = "query" in meant ? [meant.query, undefined] : [{}, meant.jobIds];
      const body = jobIds ? { action, jobIds } : { action };
      return call(api.POST("/api/{tenantId}/{projectId}/execution/bulk/preview", { params: { path: place, query: query as never }, body }));
    },
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  return (
    <Dialog title={t.bulk.titles[action]} close={() => close(begun !== null)}>
      {preview.isPending && <Loading />}
      {preview.isError && <Problem error={preview.error} />}
      {preview.data && begun === null && <Question preview={preview.data} action={action} begin={setBegun} close={() => close(false)} />}
      {begun !== null && <Begun id={begun} close={() => close(true)} />}
    </Dialog>
  );
}

type QuestionProps = { preview: Schemas["PreviewAnswer"]; action: Action; begin: (id: string) => void; close: () => void };

function Question({ preview, action, begin, close }: QuestionProps) {
  const t = useTexts();
  const place = usePlace();
  const moment = useMoment();
  const words = t.bulk;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const count = preview.willChange;
  const isMissing = count > TYPED_ABOVE && typed.trim() !== String(count);
  const left = preview.jobs - count + preview.absent;
  if (count === 0 || !preview.set) return <p>{words.nothing}</p>;
  const set = preview.set;
  const send = async () => {
    if (busy || isMissing) return;
    setBusy(true);
    setError(null);
    try {
      const body = reason.trim() ? { set, reason: reason.trim() } : { set };
      const run = await call(api.POST("/api/{tenantId}/{projectId}/execution/bulk", { params: { path: place }, body }));
      begin(run.bulkId);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form className={styles.ask} noValidate onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <p>{words.will[action](count)}</p>
      {preview.oldestJob && preview.newestJob && <p className={styles.hint}>{words.span(moment(preview.oldestJob), moment(preview.newestJob))} {words.frozen}</p>}
      {left > 0 && <p className={styles.hint}>{words.skips(left)}</p>}
      {action !== "delete" && <Field label={t.job.cancel.reason}>{(props) => <input {...props} value={reason} maxLength={1024} onChange={(event) => setReason(event.target.value)} />}</Field>}
      {count > TYPED_ABOVE && <Field label={words.type(count)}>{(props) => <input {...props} inputMode="numeric" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />}</Field>}
      {error !== null && <Problem error={error} />}
      <div className={`${styles.row} ${styles.rowEnd}`}>
        <Button onClick={close}>{t.common.cancel}</Button>
        <Button type="submit" look={action === "retry" ? "primary" : "danger"} aria-busy={busy} why={isMissing ? words.type(count) : null}>{words.submit[action]}</Button>
      </div>
    </form>
  );
}

function Begun({ id, close }: { id: string; close: () => void }) {
  const t = useTexts();
  const run = useRun(id);
  if (run.isError && !run.data) return <Problem error={run.error} retry={() => void run.refetch()} />;
  if (!run.data) return <Loading />;
  const { status, done, stop, skipped, failed } = run.data;
  return (
    <div className={styles.ask}>
      <Progress run={run.data} />
      {status === "Running" && <p className={styles.hint}>{t.bulk.goesOn}</p>}
      {status !== "Running" && <p role="status">{t.bulk.done(done)}</p>}
      {stop && <p><Text value={stop.message} max={300} /></p>}
      {status !== "Running" && skipped + failed > 0 && <Outcomes id={id} first={failed > 0 ? "Failed" : "Skipped"} />}
      <div className={`${styles.row} ${styles.rowEnd}`}><Button look="primary" onClick={close}>{t.common.close}</Button></div>
    </div>
  );
}
