import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { fetchOwn, projectUrl, Refusal } from "../api/client";
import { isObject, type JsonObject, writeExact } from "../api/exact";
import { randomId } from "../api/ids";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { plain } from "../ui/text";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";
import { Changes, changesOf, parsed } from "./changes";
import { type Job, useResults } from "./data";
import page from "./job.module.css";

/** Runs an ended job once more as a new one, with other parameters or another version of its module. */
export default function Replay({ job, close }: { job: Job; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const results = useResults(place, job);
  return (
    <Dialog title={t.replay.title} close={close}>
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
  const words = t.replay;
  const [text, setText] = useState(() => writeExact(before, 2));
  const [pinned, setPinned] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  // When an answer is lost and the same is sent again, it is the same job.
  const [key] = useState(randomId);
  const after = useMemo(() => parsed(text), [text]);
  const changes = isObject(after) ? changesOf(before, after) : [];
  const send = async () => {
    if (!isObject(after) || busy) return;
    setBusy(true);
    setError(null);
    const body = bodyOf(job, after, pinned);
    try {
      const answer = await fetchOwn(projectUrl(place, "execution/job"), {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": `${key}-${pinned}-${hash(body)}` },
        body,
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
    <form className={page.retryForm} noValidate onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <p>{words.text}</p>
      <Field label={words.module}>
        {(props) => (
          <select {...props} value={pinned ? "pinned" : "newest"} onChange={(event) => setPinned(event.target.value === "pinned")}>
            <option value="pinned">{words.pinned(plain(`${job.module.name} ${job.module.version}`, 80))}</option>
            <option value="newest">{words.newest}</option>
          </select>
        )}
      </Field>
      <Field label={t.job.retry.parameters} fault={isObject(after) ? faults || null : t.submit.badJson(after)}>
        {(props) => <textarea {...props} rows={10} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      <Changes changes={changes} />
      {error !== null && <Problem error={error} faults={false} />}
      <div className={`${styles.row} ${styles.rowEnd}`}>
        <Button onClick={close}>{t.common.cancel}</Button>
        <Button type="submit" look="primary" why={isObject(after) ? null : t.submit.badJson("")} aria-busy={busy}>{words.submit}</Button>
      </div>
    </form>
  );
}

/** A submission like the job's, but for parameters and version. What a pipeline lends is in the parameters already. */
function bodyOf(job: Job, parameters: JsonObject, pinned: boolean): string {
  const { fuel, memoryBytes, diskBytes, timeoutSeconds } = job.limits;
  return writeExact({
    jobName: job.jobName,
    jobType: job.jobType,
    priority: job.priority,
    ...(job.jobDescription ? { jobDescription: job.jobDescription } : {}),
    ...(job.resource.resourceId ? { resource: { resourceType: "Pipeline", resourceId: job.resource.resourceId } } : {}),
    ...(pinned ? { module: { name: job.module.name, version: job.module.version } } : {}),
    parameters,
    labels: job.labels,
    limits: { memoryBytes, diskBytes, timeoutSeconds, ...(fuel == null ? {} : { fuel }) },
    deterministic: job.deterministic,
    keepPartialOnFailure: job.keepPartialOnFailure,
  });
}

/** Tells bodies apart, for the key. */
function hash(text: string): string {
  let value = 0;
  for (const char of text) value = (Math.imul(value, 31) + char.codePointAt(0)!) >>> 0;
  return value.toString(36);
}
