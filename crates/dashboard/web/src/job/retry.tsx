import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { fetchOwn, projectUrl, Refusal } from "../api/client";
import { isObject, type JsonObject, mergePatch, writeExact } from "../api/exact";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Button, Check, Field, Loading, Problem, styles } from "../ui/ui";
import { Changes, changesOf, parsed } from "./changes";
import { type Job, useResults } from "./data";
import page from "./job.module.css";

/** Retries a job, with other parameters if they were the trouble. */
export default function Retry({ job, close }: { job: Job; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const results = useResults(place, job);
  return (
    <Dialog title={t.job.retry.title} close={close}>
      {results.isError && !results.data && <Problem error={results.error} retry={() => void results.refetch()} />}
      {results.isPending && <Loading />}
      {results.data && <Form job={job} before={results.data.parameters} close={close} />}
    </Dialog>
  );
}

function Form({ job, before, close }: { job: Job; before: JsonObject; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const words = t.job.retry;
  const [text, setText] = useState(() => writeExact(before, 2));
  const [reason, setReason] = useState("");
  const [memory, setMemory] = useState(job.error?.code === "MemoryLimit");
  const [first, setFirst] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const after = useMemo(() => parsed(text), [text]);
  useEffect(() => setError(null), [text]);
  const changes = isObject(after) ? changesOf(before, after) : [];
  const send = async () => {
    if (!isObject(after) || busy) return;
    setBusy(true);
    try {
      const patch = { ...mergePatch(before, after), ...(memory ? { increaseMemoryLimit: true } : {}) };
      const body = {
        updatedParameters: patch,
        immediateExecution: first,
        ...(reason.trim() ? { retryReason: reason.trim() } : {}),
      };
      const answer = await fetchOwn(projectUrl(place, `execution/job/${job.jobId}/retry`), {
        method: "POST",
        headers: { "content-type": "application/json" },
        // Not as an object: numbers keep their digits.
        body: writeExact(body),
      });
      const { jobId } = (await answer.json()) as { jobId: string };
      close();
      await navigate({ to: "/p/$tenantId/$projectId/jobs/$jobId", params: { ...place, jobId } });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const faults = error instanceof Refusal ? error.faults.map((fault) => `${fault.pointer}: ${fault.message}`).join("\n") : "";
  return (
    <form className={page.retryForm} onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <p>{words.text}</p>
      <Field label={words.reason}>{(props) => <input {...props} value={reason} maxLength={1024} onChange={(event) => setReason(event.target.value)} />}</Field>
      <Field label={words.parameters} fault={isObject(after) ? faults || null : t.submit.badJson(after)}>
        {(props) => <textarea {...props} rows={10} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      <Changes changes={changes} />
      <Check label={words.memory} checked={memory} onChange={setMemory} />
      <Check label={words.first} checked={first} onChange={setFirst} />
      {error !== null && <Problem error={error} faults={false} />}
      <div className={`${styles.row} ${styles.rowEnd}`}>
        <Button onClick={close}>{t.common.cancel}</Button>
        <Button type="submit" look="primary" why={isObject(after) ? null : t.submit.badJson("")} aria-busy={busy}>{words.submit}</Button>
      </div>
    </form>
  );
}
