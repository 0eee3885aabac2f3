// Named outputs of a job.

import { InvalidRequest } from "./end.js";
import { stringifyJson } from "./json.js";
import { count } from "./count.js";

const KINDS = ["report", "data", "model", "visualization"];
const ROLES = ["output", "failedRecords"];
const KNOWN = ["kind", "typeName", "title", "mediaType", "primary", "role", "recordCount", "accuracy"];
/** Characters that are collected before they cross into the host. */
const BUFFERED = 64 * 1024;
/** The most bytes that cross at once. */
const PIECE_BYTES = 1024 * 1024;

/** What an artifact is, as the host takes it. */
export function description(name, options = {}) {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new TypeError(`an artifact has no ${unknown}; it has ${KNOWN.join(", ")}`);
  const { kind = "data", role = "output", recordCount, accuracy } = options;
  one("kind", kind, KINDS);
  one("role", role, ROLES);
  if (accuracy !== undefined && !(accuracy >= 0 && accuracy <= 1)) {
    throw new InvalidRequest(`the accuracy of output "${name}" is between 0 and 1`);
  }
  return {
    name: String(name),
    kind,
    typeName: options.typeName || String(name),
    title: options.title || String(name),
    mediaType: options.mediaType || "application/octet-stream",
    primary: Boolean(options.primary),
    role,
    recordCount: recordCount === undefined ? null : count(recordCount, "recordCount"),
    accuracy: accuracy ?? null,
  };
}

function one(what, value, values) {
  if (!values.includes(value)) throw new TypeError(`the ${what} of an artifact is one of ${values.join(", ")}, and not ${value}`);
}

/** Writes an artifact, buffered. One that is not finished is thrown away. */
export class ArtifactWriter {
  #host;
  #texts = [];
  #characters = 0;

  constructor(host) {
    this.#host = host;
  }

  /** Appends bytes, or a text as UTF-8. */
  write(data) {
    this.#open();
    if (typeof data === "string") {
      this.#texts.push(data);
      this.#characters += data.length;
      if (this.#characters >= BUFFERED) this.#flush();
      return;
    }
    this.#flush();
    const bytes = view(data);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      this.#host.write(bytes.subarray(start, start + PIECE_BYTES));
    }
  }

  /** Seals the artifact. It is published when the job ends well (or partial results were asked for). */
  finish() {
    this.#open();
    this.#flush();
    this.#host.finish();
    this.#host = undefined;
  }

  /** Throws the artifact away, unless it is finished. */
  drop() {
    this.#host?.drop();
    this.#host = undefined;
  }

  #open() {
    if (this.#host === undefined) throw new InvalidRequest("the artifact is finished");
  }

  #flush() {
    if (this.#characters === 0) return;
    const text = this.#texts.join("").toWellFormed();
    this.#texts = [];
    this.#characters = 0;
    for (let start = 0; start < text.length; ) {
      let end = Math.min(start + PIECE_BYTES / 4, text.length);
      if (end < text.length && isHigh(text.charCodeAt(end - 1))) end -= 1;
      this.#host.write(text.slice(start, end));
      start = end;
    }
  }
}

function isHigh(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Bytes, however they come. */
export function view(data) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`bytes are a Uint8Array, another view or an ArrayBuffer, and not ${data === null ? "null" : typeof data}`);
}

/** Writes content as it comes: text, bytes, pieces of these with or without `await`, or any other value as JSON. */
export async function writeAll(writer, content) {
  if (typeof content === "string" || ArrayBuffer.isView(content) || content instanceof ArrayBuffer) {
    writer.write(content);
  } else if (!Array.isArray(content) && (content?.[Symbol.asyncIterator] || content?.[Symbol.iterator])) {
    for await (const piece of content) writer.write(piece);
  } else {
    const text = stringifyJson(content);
    if (text === undefined) throw new TypeError("the content of an artifact is text, bytes, pieces of them, or a JSON value");
    writer.write(text);
  }
}
