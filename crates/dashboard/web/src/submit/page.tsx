import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { fetchOwn, type Place, projectUrl, Refusal, type Schemas } from "../api/client";
import { randomId } from "../api/ids";
import { isObject, type Json, type JsonObject, parseExact, writeExact } from "../api/exact";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import { useDatasets } from "../datasets/data";
import { Upload } from "../datasets/upload";
import { useJobTypes } from "../jobs/list";
import { Sets } from "../saved/sets";
import { useTexts } from "../texts";
import { plain, Text } from "../ui/text";
import { bytes } from "../ui/time";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";
import { type Faults, Fields } from "./fields";
import { askQuote, type Quote, Quoted } from "./quote";
import { resolved, type Schema, step } from "./schema";
import form from "./submit.module.css";

type JobType = Schemas["JobTypeAnswer"];
type Input = { name: string; parameter?: string; required?: boolean; formats?: string[]; many?: boolean };
type Search = { type?: string; name?: string; dataset?: string; parameters?: string };
type Draft = { type: string; name: string; priority: string; timeout: string; parameters: JsonObject };

const PRIORITIES = ["Low", "Normal", "High", "Critical"] as const;
/** Parameters that are shown before somebody asks for more. */
const FIRST = 6;

const draftKey = (place: Place) => `fuelcell.draft.${place.tenantId}.${place.projectId}`;

/** What was entered before stays in this tab until it is sent, unless the address says something. */
function firstDraft(place: Place, search: Search, types: JobType[]): Draft {
  const empty = { type: types[0]?.jobType ?? "", name: "", priority: "Normal", timeout: "", parameters: {} };
  const kept = Object.keys(search).length === 0 ? readDraft(place) : null;
  if (kept && types.some((type) => type.jobType === kept.type)) return kept;
  const type = types.find((type) => type.jobType === search.type) ?? types[0];
  const given = search.parameters ? tryObject(search.parameters) : null;
  const parameters = typeof given === "object" && given !== null ? given : {};
  const input = type && search.dataset ? inputsOf(type).find((input) => input.parameter && !input.many) : undefined;
  const dataset = input ? { [input.parameter!]: search.dataset as Json } : {};
  return { ...empty, type: type?.jobType ?? "", name: search.name ?? "", parameters: { ...parameters, ...dataset } };
}

function readDraft(place: Place): Draft | null {
  try {
    const draft = parseExact(sessionStorage.getItem(draftKey(place)) ?? "null");
    return isObject(draft) && isObject(draft["parameters"]) ? (draft as unknown as Draft) : null;
  } catch {
    return null;
  }
}

function keepDraft(place: Place, draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(draftKey(place), writeExact(draft));
    else sessionStorage.removeItem(draftKey(place));
  } catch {
    // No storage: the draft lasts as long as the page.
  }
}

/** The object, or what is wrong with the text. */
function tryObject(text: string): JsonObject | string {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : writeExact(value).slice(0, 40);
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

const inputsOf = (type: JobType) => type.inputs as unknown as Input[];

export default function SubmitPage() {
  const t = useTexts();
  const place = usePlace();
  const types = useJobTypes(place);
  const search = useSearch({ strict: false }) as Search;
  useEffect(() => {
    document.title = `${t.submit.title} · Fuelcell`;
  }, [t]);
  if (types.isError) return <Problem error={types.error} retry={() => void types.refetch()} />;
  if (types.isPending) return <Loading />;
  const runnable = types.data.jobTypes.filter((type) => type.module !== null);
  if (runnable.length === 0) return <p className={styles.empty}>{t.submit.noTypes}</p>;
  return <SubmitForm key={JSON.stringify([place, search])} types={runnable} first={firstDraft(place, search, runnable)} />;
}

function SubmitForm({ types, first }: { types: JobType[]; first: Draft }) {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const why = useWhyNot("submitter");
  const [draft, setDraft] = useState(first);
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [quote, setQuote] = useState<Quote | null>(null);
  const [busy, setBusy] = useState(false);
  // A new form for what was entered as text, whose controls keep what was typed into them.
  const [version, setVersion] = useState(0);
  const sent = useRef({ body: "", key: "" });
  const type = types.find((type) => type.jobType === draft.type) ?? types[0]!;
  const change = (part: Partial<Draft>) => {
    setQuote(null);
    const after = { ...draft, ...part };
    setDraft(after);
    keepDraft(place, after);
  };
  const faults = useMemo(() => faultsOf(error), [error]);
  const wrongText = text === null ? null : tryObject(text);
  const send = async () => {
    if (busy || typeof wrongText === "string") return;
    setBusy(true);
    setError(null);
    const body = writeExact(bodyOf(draft, type));
    // When an answer is lost and the same is sent again, it is the same job.
    if (sent.current.body !== body) sent.current = { body, key: randomId() };
    try {
      const answer = await fetchOwn(projectUrl(place, "execution/job"), {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": sent.current.key },
        body,
      });
      const { jobId } = (await answer.json()) as { jobId: string };
      keepDraft(place, null);
      await navigate({ to: "/p/$tenantId/$projectId/jobs/$jobId", params: { ...place, jobId } });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const ask = async () => {
    if (busy || typeof wrongText === "string") return;
    setError(null);
    setQuote(await askQuote(place, writeExact(bodyOf(draft, type))).catch((failure: unknown) => (setError(failure), null)));
  };
  const fault = (pointer: string) => faults.get(pointer) ?? null;
  return (
    <form className={form.form} noValidate onSubmit={(event) => { event.preventDefault(); if (!why) void send(); }}>
      <h1>{t.submit.title}</h1>
      <fieldset className={form.types}>
        <legend>{t.submit.type}</legend>
        {types.map((other) => (
          <label key={other.jobType} className={form.type}>
            <input type="radio" name="type" checked={other === type} onChange={() => { change({ type: other.jobType, parameters: {} }); setText(null); setError(null); }} />
            <span>
              <strong><Text value={other.title ?? other.jobType} max={200} /></strong>
              <small><Text value={t.submit.byModule(other.module?.name ?? "", other.module?.version ?? "")} max={200} /></small>
            </span>
          </label>
        ))}
      </fieldset>
      {type.description && <p className={styles.hint}><Text value={type.description} max={800} /></p>}
      <div className={form.two}>
        <Field label={t.submit.name} fault={fault("/jobName")}>
          {(props) => <input {...props} type="text" maxLength={200} value={draft.name} placeholder={plain(type.title ?? type.jobType)} onChange={(event) => change({ name: event.target.value })} />}
        </Field>
        <Field label={t.submit.priority} fault={fault("/priority")}>
          {(props) => (
            <select {...props} value={draft.priority} onChange={(event) => change({ priority: event.target.value })}>
              {PRIORITIES.map((priority) => <option key={priority} value={priority}>{t.priority[priority]}</option>)}
            </select>
          )}
        </Field>
        <Field label={t.submit.timeout} fault={fault("/scheduling/timeoutMinutes")}>
          {(props) => <input {...props} type="text" inputMode="numeric" value={draft.timeout} onChange={(event) => change({ timeout: event.target.value })} />}
        </Field>
      </div>
      <Inputs key={`inputs-${type.jobType}`} inputs={inputsOf(type).filter((input) => input.parameter && !input.many)} draft={draft} faults={faults}
        change={(parameters) => { change({ parameters }); setVersion(version + 1); }} />
      <section className={form.group} aria-label={t.submit.parameters}>
        <div className={form.head}>
          <h2>{t.submit.parameters}</h2>
          <div className={form.view} role="radiogroup" aria-label={t.submit.view}>
            <label>
              <input type="radio" name="view" checked={text === null} disabled={typeof wrongText === "string"} onChange={() => { setVersion(version + 1); setText(null); }} />
              {t.submit.form}
            </label>
            <label><input type="radio" name="view" checked={text !== null} onChange={() => setText(writeExact(draft.parameters, 2))} />{t.submit.json}</label>
          </div>
        </div>
        <Sets key={type.module!.name} place={place} module={type.module!.name} parameters={draft.parameters}
          load={(parameters) => { change({ parameters }); setText(text === null ? null : writeExact(parameters, 2)); setVersion(version + 1); setError(null); }} />
        {text === null ? (
          <ParameterForm key={`${type.jobType}-${version}`} type={type} parameters={draft.parameters} faults={faults} change={(parameters) => change({ parameters })} />
        ) : (
          <Field label={t.submit.json} fault={typeof wrongText === "string" ? t.submit.badJson(wrongText) : whole(faults)}>
            {(props) => (
              <textarea {...props} rows={16} spellCheck={false} value={text}
                onChange={(event) => {
                  setText(event.target.value);
                  const object = tryObject(event.target.value);
                  if (typeof object !== "string") change({ parameters: object });
                }} />
            )}
          </Field>
        )}
      </section>
      {error !== null && (
        <div>
          {faults.size > 0 && <p className={styles.fault}>{t.submit.faults(faults.size)}</p>}
          <Problem error={error} />
        </div>
      )}
      {quote && <Quoted quote={quote} />}
      <div className={styles.row}>
        <Button type="submit" look="primary" why={why ?? (typeof wrongText === "string" ? t.submit.badJson(wrongText) : null)} aria-busy={busy}>{t.submit.submit}</Button>
        <Button why={why} onClick={() => void ask()}>{t.quote.ask}</Button>
      </div>
    </form>
  );
}

function bodyOf(draft: Draft, type: JobType): JsonObject {
  const timeout = draft.timeout.trim();
  return {
    jobName: draft.name.trim() || (type.title ?? type.jobType),
    jobType: type.jobType,
    priority: draft.priority,
    module: { name: type.module!.name },
    parameters: draft.parameters,
    ...(timeout ? { scheduling: { timeoutMinutes: /^\d+$/.test(timeout) ? Number(timeout) : timeout } } : {}),
  };
}

/** Mistakes by their place in the parameters, or in the body. Refused parameters are named from where they begin. */
function faultsOf(error: unknown): Faults {
  const faults: Faults = new Map();
  if (!(error instanceof Refusal)) return faults;
  for (const { pointer, message } of error.faults) {
    const at = error.code === "InvalidParameters" ? pointer : pointer.replace(/^\/parameters(?=\/|$)/, "");
    faults.set(at, faults.has(at) ? `${faults.get(at)}; ${message}` : message);
  }
  return faults;
}

function whole(faults: Faults): string | null {
  return faults.size === 0 ? null : [...faults].map(([pointer, message]) => `${pointer}: ${message}`).join("\n");
}

type FormProps = { type: JobType; parameters: JsonObject; faults: Faults; change: (parameters: JsonObject) => void };

function ParameterForm({ type, parameters, faults, change }: FormProps) {
  const t = useTexts();
  const root = (isObject(type.parameters) ? type.parameters : {}) as Schema;
  const schema = resolved(root, root);
  const inputs = new Set(inputsOf(type).flatMap((input) => (input.many || !input.parameter ? [] : [input.parameter])));
  const properties = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const fields = properties.filter((field): field is [string, Schema] => isObject(field[1]) && !inputs.has(field[0]));
  const needed = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  if (fields.length === 0) return <p className={styles.hint}>{t.submit.json}</p>;
  const isFirst = ([name]: [string, Schema], index: number) => needed.includes(name) || index < FIRST;
  const [shown, others] = [fields.filter(isFirst), fields.filter((field, index) => !isFirst(field, index))];
  const opens = others.some(([name]) => name in parameters || [...faults.keys()].some((at) => at === step("", name) || at.startsWith(`${step("", name)}/`)));
  const common = { needed, object: parameters, pointer: "", root, faults, change };
  const known = new Set([...fields.map(([name]) => step("", name)), ...[...inputs].map((name) => step("", name))]);
  const elsewhere = [...faults].filter(([at]) => ![...known].some((pointer) => at === pointer || at.startsWith(`${pointer}/`)));
  return (
    <>
      <Fields {...common} fields={shown} />
      {others.length > 0 && (
        <details className={form.more} open={opens || undefined}>
          <summary>{t.submit.more} ({others.length})</summary>
          <Fields {...common} fields={others} />
        </details>
      )}
      {elsewhere.length > 0 && <p className={styles.fault}>{t.submit.unknownFault}: {elsewhere.map(([at, message]) => `${at || "/"}: ${message}`).join("; ")}</p>}
    </>
  );
}

type InputsProps = { inputs: Input[]; draft: Draft; faults: Faults; change: (parameters: JsonObject) => void };

/** A dataset for each input: one of the list, or a file that is uploaded here. */
function Inputs({ inputs, draft, faults, change }: InputsProps) {
  const t = useTexts();
  const place = usePlace();
  const datasets = useDatasets(place);
  const known = datasets.data?.pages.flatMap((page) => page.datasets) ?? [];
  if (inputs.length === 0) return null;
  const set = (input: Input, id: string) => {
    const { [input.parameter!]: _, ...others } = draft.parameters;
    change(id ? { ...others, [input.parameter!]: id } : others);
  };
  return (
    <fieldset className={form.group}>
      <legend>{t.submit.inputs}</legend>
      {datasets.isError && <Problem error={datasets.error} retry={() => void datasets.refetch()} />}
      {inputs.map((input) => {
        const chosen = draft.parameters[input.parameter!];
        const id = typeof chosen === "string" ? chosen : "";
        const label = <><Text value={t.dataset.pick(input.name)} max={200} />{input.required && <span className={styles.hint}> ({t.submit.required})</span>}</>;
        const hint = input.formats?.length ? t.dataset.formats(input.formats.join(", ")) : undefined;
        return (
          <Field key={input.name} label={label} hint={hint} fault={faults.get(step("", input.parameter!)) ?? null}>
            {(props) => (
              <Upload done={(dataset) => set(input, dataset.datasetId)}>
                <select {...props} value={id} onChange={(event) => set(input, event.target.value)}>
                  <option value="">{input.required ? t.dataset.choose : t.dataset.none}</option>
                  {id && !known.some((dataset) => dataset.datasetId === id) && <option value={id}>{t.dataset.unknown}</option>}
                  {known.map((dataset) => (
                    <option key={dataset.datasetId} value={dataset.datasetId}>{plain(dataset.name, 60)} ({bytes(dataset.size, t.language)})</option>
                  ))}
                </select>
              </Upload>
            )}
          </Field>
        );
      })}
      {datasets.hasNextPage && <div><Button onClick={() => void datasets.fetchNextPage()}>{t.common.more}</Button></div>}
    </fieldset>
  );
}
