import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../api/client";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Button, Check, Field, Problem, styles } from "../ui/ui";
import { type Job, jobKey } from "./data";
import page from "./job.module.css";

export default function Cancel({ job, close }: { job: Job; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [keep, setKeep] = useState(true);
  const [force, setForce] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const words = t.job.cancel;
  const send = async () => {
    try {
      await call(
        api.DELETE("/api/{tenantId}/{projectId}/execution/job/{jobId}", {
          params: { path: { ...place, jobId: job.jobId } },
          body: { preservePartialResults: keep, forceTermination: force, ...(reason.trim() ? { reason: reason.trim() } : {}) },
        }),
      );
      await client.invalidateQueries({ queryKey: jobKey(place, job.jobId) });
      close();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={words.title} close={close}>
      <form className={page.retryForm} onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <p>{words.text}</p>
        <Field label={words.reason}>{(props) => <input {...props} value={reason} maxLength={1024} onChange={(event) => setReason(event.target.value)} />}</Field>
        <Check label={words.keep} checked={keep} onChange={setKeep} />
        <Check label={words.force} checked={force} onChange={setForce} />
        {error !== null && <Problem error={error} />}
        <div className={`${styles.row} ${styles.rowEnd}`}>
          <Button onClick={close}>{t.common.cancel}</Button>
          <Button type="submit" look="danger">{words.submit}</Button>
        </div>
      </form>
    </Dialog>
  );
}
