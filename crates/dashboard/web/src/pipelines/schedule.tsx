import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../api/client";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import Ask from "../ui/ask";
import { plain } from "../ui/text";
import { Button, Check, Field, Problem, styles } from "../ui/ui";
import { plainWords } from "./cron";
import { type Pipeline, reschedule } from "./data";

const OVERLAPS = ["Skip", "Queue", "Replace", "Allow"] as const;

/** When a pipeline runs by itself: set, changed or taken away. */
export default function Schedule({ pipeline, close }: { pipeline: Pipeline; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const before = pipeline.schedule;
  const words = t.schedule;
  const [cron, setCron] = useState(before?.cron ?? "0 6 * * MON-FRI");
  const [timeZone, setZone] = useState(before?.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [overlap, setOverlap] = useState<string>(before?.overlap ?? "Skip");
  const [enabled, setEnabled] = useState(before?.enabled ?? true);
  const [fault, setFault] = useState<unknown>(null);
  const put = async (change: Parameters<typeof reschedule>[2]) => {
    await reschedule(place, pipeline.pipelineId, change);
    await client.invalidateQueries({ queryKey: ["pipelines"] });
  };
  const save = () => put((schedule) => ({ ...schedule, cron: cron.trim(), timeZone: timeZone.trim(), overlap, enabled }));
  const means = plainWords(cron, t);
  return (
    <Ask title={words.title(plain(pipeline.name, 60))} submit={words.save} close={close}
      act={() => save().catch((failure: unknown) => { setFault(failure); throw failure; })}>
      <Field label={words.cron} hint={words.cronHint} fault={faultAt(fault, "cron")}>
        {(props) => <input {...props} value={cron} spellCheck={false} onChange={(event) => setCron(event.target.value)} />}
      </Field>
      <p className={styles.hint} role="status">{means === null ? words.unknown : words.means(means)}</p>
      <Field label={words.zone} hint={words.zoneHint} fault={faultAt(fault, "timeZone")}>
        {(props) => <input {...props} value={timeZone} spellCheck={false} onChange={(event) => setZone(event.target.value)} />}
      </Field>
      <Field label={words.overlap}>
        {(props) => (
          <select {...props} value={overlap} onChange={(event) => setOverlap(event.target.value)}>
            {OVERLAPS.map((word) => <option key={word} value={word}>{words.overlaps[word]}</option>)}
          </select>
        )}
      </Field>
      <Check label={words.enabled} checked={enabled} onChange={setEnabled} />
      {before && <div><Remove remove={() => put(() => null).then(close)} label={words.remove} /></div>}
    </Ask>
  );
}

function Remove({ remove, label }: { remove: () => Promise<void>; label: string }) {
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <Button look="danger" onClick={() => void remove().catch(setError)}>{label}</Button>
      {error !== null && <Problem error={error} />}
    </>
  );
}

/** What the server said of one member of the schedule. */
function faultAt(error: unknown, name: string): string | null {
  const fault = error instanceof Refusal ? error.faults.find((fault) => fault.pointer === `/schedule/${name}`) : undefined;
  return fault?.message ?? null;
}
