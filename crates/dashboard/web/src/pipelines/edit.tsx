import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Refusal } from "../api/client";
import { isObject, type JsonObject, writeExact } from "../api/exact";
import { randomId } from "../api/ids";
import { usePlace } from "../app/shell";
import { useDatasets } from "../datasets/data";
import { Changes, changesOf, parsed } from "../job/changes";
import { useJobTypes } from "../jobs/list";
import { useTexts } from "../texts";
import Ask from "../ui/ask";
import Dialog from "../ui/dialog";
import { plain } from "../ui/text";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";
import { type Pipeline, put, settingsOf } from "./data";

/** Makes a pipeline, or changes what it lends its jobs. Its schedule has a question of its own. */
export default function Edit({ pipeline, close }: { pipeline: Pipeline | null; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const before = useQuery({
    queryKey: ["pipeline-settings", pipeline?.pipelineId],
    queryFn: () => settingsOf(place, pipeline!.pipelineId),
    enabled: pipeline !== null,
    // Somebody else may have changed it since.
    gcTime: 0,
    staleTime: Infinity,
  });
  if (pipeline === null) return <Form id={randomId()} before={{}} close={close} />;
  if (before.data) return <Form id={pipeline.pipelineId} before={before.data} close={close} />;
  return (
    <Dialog title={plain(pipeline.name, 60)} close={close}>
      {before.isError ? <Problem error={before.error} retry={() => void before.refetch()} /> : <Loading />}
      <div><Button onClick={close}>{t.common.close}</Button></div>
    </Dialog>
  );
}

function Form({ id: first, before, close }: { id: string; before: JsonObject; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const types = useJobTypes(place);
  const datasets = useDatasets(place);
  // The same one when an answer is lost and it is sent again.
  const [id] = useState(first);
  const words = t.pipelines;
  const isNew = Object.keys(before).length === 0;
  const text = (name: string) => (typeof before[name] === "string" ? (before[name] as string) : "");
  const parameters = isObject(before["parameters"]) ? before["parameters"] : {};
  const [name, setName] = useState(text("name"));
  const [jobType, setType] = useState(text("jobType"));
  const [dataset, setDataset] = useState(text("datasetId"));
  const [typed, setTyped] = useState(() => writeExact(parameters, 2));
  const [error, setError] = useState<unknown>(null);
  const after = useMemo(() => parsed(typed), [typed]);
  const known = types.data?.jobTypes.map((type) => type.jobType as string) ?? [];
  const rows = datasets.data?.pages.flatMap((page) => page.datasets) ?? [];
  const fault = (pointer: string) => (error instanceof Refusal ? (error.faults.find((fault) => fault.pointer.startsWith(pointer))?.message ?? null) : null);
  const save = async () => {
    const { datasetId: _, ...kept } = before;
    const body = { ...kept, name: name.trim(), jobType: jobType || known[0] || "", parameters: after as JsonObject, ...(dataset ? { datasetId: dataset } : {}) };
    setError(null);
    await put(place, id, body).catch((failure: unknown) => {
      setError(failure);
      throw failure;
    });
    await client.invalidateQueries({ queryKey: ["pipelines"] });
  };
  return (
    <Ask title={isNew ? words.make : words.edits(plain(text("name"), 60))} submit={t.schedule.save} why={isObject(after) ? null : t.submit.badJson(after)} act={save} close={close}>
      <Field label={t.submit.name} fault={fault("/name")}>{(props) => <input {...props} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label={t.jobs.type} fault={fault("/jobType")}>
        {(props) => (
          <select {...props} value={jobType || known[0]} onChange={(event) => setType(event.target.value)}>
            {jobType && !known.includes(jobType) && <option value={jobType}>{plain(jobType, 60)}</option>}
            {known.map((type) => <option key={type} value={type}>{plain(type, 60)}</option>)}
          </select>
        )}
      </Field>
      <Field label={words.dataset} fault={fault("/datasetId")}>
        {(props) => (
          <select {...props} value={dataset} onChange={(event) => setDataset(event.target.value)}>
            <option value="">{t.dataset.none}</option>
            {dataset && !rows.some((row) => row.datasetId === dataset) && <option value={dataset}>{t.dataset.unknown}</option>}
            {rows.map((row) => <option key={row.datasetId} value={row.datasetId}>{plain(row.name, 80)}</option>)}
          </select>
        )}
      </Field>
      {datasets.hasNextPage && <div><Button onClick={() => void datasets.fetchNextPage()}>{t.common.more}</Button></div>}
      <Field label={t.job.retry.parameters} fault={isObject(after) ? fault("/parameters") : t.submit.badJson(after)}>
        {(props) => <textarea {...props} rows={8} spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />}
      </Field>
      {!isNew && isObject(after) && <Changes changes={changesOf(parameters, after)} />}
      {!isNew && <p className={styles.hint}>{words.editHint}</p>}
    </Ask>
  );
}
