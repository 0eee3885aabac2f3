import { useState } from "react";
import { ExactNumber, isObject, type Json, type JsonObject, parseExact, same, writeExact } from "../api/exact";
import { useTexts } from "../texts";
import { shortened, Text } from "../ui/text";
import { Check, Field, styles } from "../ui/ui";
import { resolved, type Schema, type Shape, shapeOf, step } from "./schema";
import form from "./submit.module.css";

export type Faults = Map<string, string>;

/** The first sentences of a description are what to know at the control. */
const HINT = 400;
/** Characters of what holds when nothing is entered. */
const USUAL = 100;

type Props = {
  name: string;
  pointer: string;
  schema: Schema;
  root: Schema;
  required: boolean;
  value: Json | undefined;
  faults: Faults;
  change: (value: Json | undefined) => void;
};

/** What the server says of this place, and of what lies in it where it has no control of its own. */
function faultAt(faults: Faults, pointer: string, within: boolean): string | null {
  const own = [...faults].filter(([at]) => at === pointer || (within && at.startsWith(`${pointer}/`)));
  return own.length === 0 ? null : own.map(([at, message]) => (at === pointer ? message : `${at.slice(pointer.length)}: ${message}`)).join("\n");
}

/** Whether a default is something: an object of nothing but nulls says only that nothing was entered. */
function saysMore(usual: Json | undefined): usual is Json {
  if (usual === undefined || usual === null) return false;
  return !isObject(usual) || Object.values(usual).some((value) => value !== null);
}

/** What is between backticks is code, as in the schema's description. */
function Worded({ text }: { text: string }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}><Text value={part} /></code> : <Text key={index} value={part} />));
}

export function SchemaField(props: Props) {
  const t = useTexts();
  const { name, pointer, root, required, faults } = props;
  const schema = resolved(props.schema, root);
  const shape = shapeOf(props.schema, root);
  const text = (word: string) => (typeof schema[word] === "string" ? (schema[word] as string) : "");
  const label = <><Text value={text("title") || name} max={200} />{required && <span className={styles.hint}> ({t.submit.required})</span>}</>;
  const usual = saysMore(schema["default"]) ? t.submit.default(shortened(writeExact(schema["default"]), USUAL)) : "";
  const hint = [shortened(text("description"), HINT), usual].filter(Boolean).join(" ");
  if (shape.kind === "object") return <Group {...props} label={label} hint={hint} fields={shape.fields} needed={shape.required} />;
  if (shape.kind === "many") return <Many {...props} label={label} hint={hint} words={shape.words} />;
  const listed = shape.kind === "json" || shape.kind === "words";
  return (
    <Field label={label} hint={hint ? <Worded text={hint} /> : undefined} fault={faultAt(faults, pointer, listed)}>
      {(control) => <div className={form.field}><Control {...props} shape={shape} control={control} /></div>}
    </Field>
  );
}

type ControlProps = Props & { shape: Shape; control: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean } };

function Control({ shape, value, change, control }: ControlProps) {
  const t = useTexts();
  switch (shape.kind) {
    case "flag":
      return (
        <select {...control} value={value === undefined ? "" : String(value)} onChange={(event) => change(event.target.value === "" ? undefined : event.target.value === "true")}>
          <option value="">{t.submit.unset}</option>
          <option value="true">{t.submit.yes}</option>
          <option value="false">{t.submit.no}</option>
        </select>
      );
    case "choice": {
      const at = shape.words.findIndex((word) => same(word.value, value ?? null));
      return (
        <select {...control} value={at < 0 ? "" : String(at)} onChange={(event) => change(shape.words[Number(event.target.value || -1)]?.value)}>
          <option value="">{t.submit.unset}</option>
          {shape.words.map((word, index) => <option key={index} value={index}>{word.label}</option>)}
        </select>
      );
    }
    case "number":
      return <NumberControl control={control} shape={shape} value={value} change={change} />;
    case "words":
      return (
        <textarea
          {...control}
          rows={3}
          placeholder={t.submit.lines}
          value={Array.isArray(value) ? value.map(String).join("\n") : ""}
          onChange={(event) => change(event.target.value === "" ? undefined : event.target.value.split("\n"))}
          onBlur={() => Array.isArray(value) && change(trimmed(value))}
        />
      );
    case "json":
      return <JsonControl control={control} value={value} change={change} />;
    case "long":
      return <textarea {...control} rows={5} spellCheck={false} value={typeof value === "string" ? value : ""} onChange={(event) => change(event.target.value || undefined)} />;
    default:
      return <input {...control} type="text" autoComplete="off" value={typeof value === "string" ? value : ""} onChange={(event) => change(event.target.value || undefined)} />;
  }
}

function trimmed(values: Json[]): Json[] | undefined {
  const kept = values.filter((value) => String(value).trim() !== "");
  return kept.length > 0 ? kept : undefined;
}

/** What is typed stays as it is, and its digits too; only numbers reach the parameters. What is none is told by the server. */
function NumberControl({ control, shape, value, change }: { control: ControlProps["control"]; shape: Shape & { kind: "number" }; value: Json | undefined; change: Props["change"] }) {
  const [typed, setTyped] = useState(value === undefined ? "" : String(value));
  const enter = (text: string) => {
    setTyped(text);
    const number = text.trim();
    if (number === "") return change(undefined);
    const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(number);
    change(isNumber ? (String(Number(number)) === number ? Number(number) : new ExactNumber(number)) : number);
  };
  const range = [shape.min, shape.max].some((bound) => bound !== undefined) ? `${shape.min ?? ""} … ${shape.max ?? ""}` : undefined;
  return <input {...control} type="text" inputMode={shape.whole ? "numeric" : "decimal"} autoComplete="off" placeholder={range} value={typed} onChange={(event) => enter(event.target.value)} />;
}

function JsonControl({ control, value, change }: { control: ControlProps["control"]; value: Json | undefined; change: Props["change"] }) {
  const t = useTexts();
  const [typed, setTyped] = useState(value === undefined ? "" : writeExact(value, 2));
  const [wrong, setWrong] = useState<string | null>(null);
  const enter = (text: string) => {
    setTyped(text);
    setWrong(null);
    if (text.trim() === "") return change(undefined);
    try {
      change(parseExact(text));
    } catch (failure) {
      setWrong(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <>
      <textarea {...control} rows={3} spellCheck={false} placeholder={t.submit.asJson} aria-invalid={wrong ? true : control["aria-invalid"]} value={typed} onChange={(event) => enter(event.target.value)} />
      {wrong && <span className={styles.fault}>{wrong}</span>}
    </>
  );
}

function Many({ label, hint, words, value, pointer, faults, change }: Props & { label: React.ReactNode; hint: string; words: { value: Json; label: string }[] }) {
  const chosen = Array.isArray(value) ? value : [];
  const fault = faultAt(faults, pointer, true);
  const toggle = (word: Json, on: boolean) => {
    const after = words.map((known) => known.value).filter((known) => (same(known, word) ? on : chosen.some((other) => same(other, known))));
    change(after.length > 0 ? after : undefined);
  };
  return (
    <fieldset className={form.many}>
      <legend>{label}</legend>
      {hint && <span className={styles.hint}><Worded text={hint} /></span>}
      {words.map((word) => (
        <Check key={word.label} label={<Text value={word.label} max={100} />} checked={chosen.some((other) => same(other, word.value))} onChange={(on) => toggle(word.value, on)} />
      ))}
      {fault && <span className={styles.fault}><Text value={fault} /></span>}
    </fieldset>
  );
}

/** Members of an object; those of one that may be left out are shown when somebody wants to enter them. */
function Group({ label, hint, fields, needed, value, pointer, root, required, faults, change }: Props & { label: React.ReactNode; hint: string; fields: [string, Schema][]; needed: string[] }) {
  const t = useTexts();
  const object = isObject(value) ? value : {};
  const fault = faultAt(faults, pointer, false);
  const opens = Object.keys(object).length > 0 || [...faults.keys()].some((at) => at.startsWith(`${pointer}/`));
  const members = (
    <Fields fields={fields} needed={needed} object={object} pointer={pointer} root={root} faults={faults}
      change={(after) => change(Object.keys(after).length > 0 ? after : undefined)} />
  );
  return (
    <fieldset className={form.group}>
      <legend>{label}</legend>
      {hint && <span className={styles.hint}><Worded text={hint} /></span>}
      {fault && <span className={styles.fault}><Text value={fault} /></span>}
      {required ? members : <details className={form.more} open={opens || undefined}><summary>{t.submit.members(fields.length)}</summary>{members}</details>}
    </fieldset>
  );
}

type FieldsProps = { fields: [string, Schema][]; needed: string[]; object: JsonObject; pointer: string; root: Schema; faults: Faults; change: (object: JsonObject) => void };

/** One control for each member; a member that is left out is not sent. */
export function Fields({ fields, needed, object, pointer, root, faults, change }: FieldsProps) {
  const set = (name: string, value: Json | undefined) => {
    const { [name]: _, ...others } = object;
    change(value === undefined ? others : { ...others, [name]: value });
  };
  return (
    <div className={form.fields}>
      {fields.map(([name, schema]) => (
        <SchemaField key={name} name={name} pointer={step(pointer, name)} schema={schema} root={root} required={needed.includes(name)}
          value={object[name]} faults={faults} change={(value) => set(name, value)} />
      ))}
    </div>
  );
}
