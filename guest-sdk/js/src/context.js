// What a running job may ask for.

import { ArtifactWriter, description, view, writeAll } from "./artifact.js";
import { count } from "./count.js";
import { Failure, InvalidRequest } from "./end.js";
import { fetchBy } from "./fetch.js";
import { InputReader } from "./input.js";
import { inspect } from "./inspect.js";
import { parseJson, stringifyJson } from "./json.js";

/** Bytes of texts that one call hands to the host: enough to make the call cheap, and far from the most. */
const CALL_BYTES = 1024 * 1024;
/** What a text takes beside its bytes. */
const TEXT_BYTES = 8;
const FIGURES = ["recordsProcessed", "recordsTotal", "errors", "warnings", "processingErrors", "qualityScore", "validation"];

/** Everything a running job may ask for. One is made for each attempt and passed to the job's function. */
export class Context {
  #host;
  #inputs;

  constructor(host) {
    this.#host = host;
    /** Sends a request over HTTP, if the project grants its host to the module. */
    this.fetch = fetchBy(host);
  }

  /** The parameters as JSON text, as the submitter gave them. */
  get parametersJson() {
    return this.#host.parameters();
  }

  /** The parameters as the submitter gave them. */
  get parameters() {
    return parseJson(this.#host.parameters() || "{}");
  }

  /** All inputs of this job. */
  get inputs() {
    this.#inputs ??= this.#host.inputs();
    return this.#inputs;
  }

  /** The input of this name in the manifest, if the submitter gave one. */
  input(name) {
    return this.inputs.find((one) => one.name === name);
  }

  /** The files of an input that is declared with `many`, by the names that the submitter gave them. */
  inputsOf(name) {
    const own = this.inputs.filter((one) => one.name.startsWith(`${name}/`));
    return new Map(own.map((one) => [one.name.slice(name.length + 1), one]));
  }

  /** Opens an input by its name in the manifest. An input can be opened as often as needed. */
  open(name) {
    const known = this.input(name);
    const input = known ?? { name, fileName: name, mediaType: "application/octet-stream", size: 0 };
    const gzip = input.fileName.toLowerCase().endsWith(".gz");
    return new InputReader(this.#host.open(name, gzip), input);
  }

  /** Tells how far the job is: `done` of `total` units of `stage`. The host passes on only the latest. */
  progress(done, total, stage = "") {
    const whole = (value, what) => count(typeof value === "number" ? Math.floor(value) : value, what);
    this.#host.progress(whole(done, "progress"), whole(total, "progress"), String(stage));
  }

  debug(stage, ...message) {
    this.log("debug", stage, ...message);
  }

  info(stage, ...message) {
    this.log("info", stage, ...message);
  }

  warn(stage, ...message) {
    this.log("warn", stage, ...message);
  }

  error(stage, ...message) {
    this.log("error", stage, ...message);
  }

  /** Appends a log line. The host keeps lines up to a quota of bytes and counts what it dropped. */
  log(level, stage, ...message) {
    this.#host.log(level, String(stage), message.map((part) => inspect(part)).join(" "));
  }

  /** Whether to stop: `none`, `user` or `deadline`. Cheap enough to ask once per batch of records. */
  cancellation() {
    return this.#host.poll();
  }

  /** Ends the job when the host wants it to stop; for jobs that have nothing to save. */
  checkCancelled() {
    const why = this.cancellation();
    if (why === "user") throw new Failure("Cancelled", "Stopped because the job was cancelled.");
    if (why === "deadline") throw new Failure("DeadlineNear", "Stopped because the deadline is near.");
  }

  /** What this attempt has used so far: fuel (a bigint), memory in bytes, and seconds (none in a deterministic job). */
  usage() {
    return this.#host.usage();
  }

  /** Replaces the figures that clients see. */
  report(report) {
    const unknown = Object.keys(report).find((key) => !FIGURES.includes(key));
    if (unknown !== undefined) throw new TypeError(`a report has no ${unknown}; it has ${FIGURES.join(", ")}`);
    const { recordsTotal, validation, qualityScore } = report;
    this.#host.report({
      recordsProcessed: count(report.recordsProcessed ?? 0, "report.recordsProcessed"),
      recordsTotal: recordsTotal === undefined ? null : count(recordsTotal, "report.recordsTotal"),
      errors: count(report.errors ?? 0, "report.errors"),
      warnings: (report.warnings ?? []).map(finding),
      processingErrors: (report.processingErrors ?? []).map(finding),
      qualityScore: qualityScore ?? null,
      validation: validation === undefined ? null : validated(validation),
    });
  }

  /** Begins an artifact. Write to it, then call `finish`; one that is not finished is thrown away. */
  artifact(name, options = {}) {
    return new ArtifactWriter(this.#host.create(description(name, options)));
  }

  /** Writes an artifact as a whole: text, bytes, pieces of these with or without `await`, or any other value as JSON. */
  async save(name, content, options = {}) {
    const writer = this.artifact(name, options);
    try {
      await writeAll(writer, content);
      writer.finish();
    } finally {
      writer.drop();
    }
  }

  /** Replaces the checkpoint: the one value that survives hard stops, is there for the next attempt, and is the partial
   * result. Text is kept as UTF-8. */
  saveCheckpoint(data) {
    this.#host.saveCheckpoint(bytesOf(data));
  }

  /** The bytes of the checkpoint that this or an earlier attempt saved last; `undefined` if there is none. */
  loadCheckpoint() {
    return this.#host.loadCheckpoint();
  }

  /** Whether an earlier job of the same pipeline has dealt with this key. */
  seen(key) {
    return this.#host.seen(String(key));
  }

  /** Marks a key as dealt with. Marks take effect when this job completes, and only then. */
  mark(key) {
    this.#host.mark(String(key));
  }

  /** HMAC-SHA-256 of a text with a secret of the project as the key, which the job never sees. */
  hmac(secret, text) {
    return this.hmacAll(secret, [text])[0];
  }

  /** The same for many texts at once, which is faster than one by one. */
  hmacAll(secret, texts) {
    const macs = [];
    let call = [];
    let size = 0;
    const flush = () => {
      if (call.length > 0) for (const mac of this.#host.hmac(secret, call)) macs.push(mac);
      call = [];
      size = 0;
    };
    for (const text of texts) {
      const bytes = bytesOf(text);
      if (size + bytes.length + TEXT_BYTES > CALL_BYTES) flush();
      call.push(bytes);
      size += bytes.length + TEXT_BYTES;
    }
    flush();
    return macs;
  }

  /** Text of a JSON value; a `bigint` is a number in it. */
  json(value) {
    return stringifyJson(value);
  }
}

function bytesOf(data) {
  return typeof data === "string" ? new TextEncoder().encode(data) : view(data);
}

function finding({ kind, message, count: records = 1 } = {}) {
  if (typeof kind !== "string" || typeof message !== "string") {
    throw new InvalidRequest("a finding has a kind and a message, which are texts");
  }
  return { kind, message, count: count(records, `the count of a finding ${JSON.stringify(kind)}`) };
}

function validated({ total = 0, valid = 0, duplicatesRemoved = 0, invalid = 0 }) {
  const figures = { total, valid, duplicatesRemoved, invalid };
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, count(value, `report.validation.${name}`)]),
  );
}
