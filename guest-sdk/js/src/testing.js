// A host for tests in Node: it runs a job natively, and refuses what a server refuses of inputs, outputs, requests and secrets.
// Parameters are not checked against a JSON Schema here: that is done by `fuelcell run` and by servers.

import { createHmac } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { view } from "./artifact.js";
import { Completion, Failure, HostError, HttpError, InvalidRequest, told } from "./end.js";
import { fetchBy } from "./fetch.js";
import { stringifyJson } from "./json.js";
import { OutputNames, refusedInput, refusedOutput } from "./names.js";

const SECRET = /\{\{secret:([^{}]*)\}\}/g;

/** A copy, which is no Buffer of Node: a job is given none in a cell. */
const bytesOf = (content) => (typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(view(content)));

/** What a run came to. */
export class Run {
  constructor(job) {
    this.job = job;
    /** How the job ended well, or `undefined`. */
    this.completion = undefined;
    /** How it failed, or `undefined`. */
    this.failure = undefined;
    /** Finished outputs by name, each with its `bytes` and its description. */
    this.outputs = new Map();
    /** Names of those that the manifest does not declare, where it declares any. Servers publish and mark them. */
    this.undeclared = [];
    this.log = [];
    this.report = undefined;
    this.progress = undefined;
    this.checkpoint = undefined;
    this.marks = [];
    this.requests = [];
  }

  /** An output as text. */
  text(name) {
    const output = this.outputs.get(name);
    if (output === undefined) throw new Error(`the job made no ${name}; it made: ${[...this.outputs.keys()].join(", ") || "nothing"}`);
    return new TextDecoder().decode(output.bytes);
  }

  /** An output as a JSON value. */
  json(name) {
    return JSON.parse(this.text(name));
  }
}

/** Says what a job finds, and runs it. */
export class TestHost {
  #parameters = "{}";
  #inputs = new Map();
  #secrets = new Map();
  #answers = new Map();
  #checkpoint;
  #seen = new Set();
  #polls = [];

  /** The parameters of the submission. */
  parameters(parameters) {
    this.#parameters = stringifyJson(parameters);
    return this;
  }

  /** An input's content, by its name in the manifest, or by `NAME/…` for one of several. */
  input(name, content, { fileName = name.split("/").pop(), mediaType = "application/octet-stream" } = {}) {
    this.#inputs.set(name, { name, fileName, mediaType, bytes: bytesOf(content) });
    return this;
  }

  /** A secret of the project. */
  secret(name, value) {
    this.#secrets.set(name, value);
    return this;
  }

  /** What a host of the world answers to a URL. */
  answer(url, { status = 200, headers = {}, body = "" } = {}) {
    this.#answers.set(url, { status, headers: Object.entries(headers), body: bytesOf(body) });
    return this;
  }

  /** The checkpoint of an earlier attempt. */
  checkpoint(data) {
    this.#checkpoint = bytesOf(data);
    return this;
  }

  /** Keys that earlier jobs of the pipeline have marked. */
  seen(...keys) {
    for (const key of keys) this.#seen.add(key);
    return this;
  }

  /** What the job hears when it asks whether to stop, one answer after the other; the last one stays. */
  cancellations(...answers) {
    this.#polls = answers;
    return this;
  }

  /** Runs the job once. */
  async run(job) {
    const run = new Run(job);
    const host = this.#host(run, job.manifest("main.js"));
    const refused = [...this.#inputs.keys()].filter((name) => name.includes("/")).map((name) => refusedInput(name.slice(name.indexOf("/") + 1)));
    const reason = refused.find((one) => one !== undefined);
    if (reason !== undefined) {
      run.failure = new Failure("InvalidParameters", reason);
      return run;
    }
    const nodes = globalThis.fetch;
    globalThis.fetch = fetchBy(host);
    try {
      run.completion = await job.run(host);
    } catch (error) {
      run.failure = failureOf(error);
    } finally {
      globalThis.fetch = nodes;
    }
    run.undeclared = undeclared(run.outputs, job.manifest("main.js"));
    return run;
  }

  #host(run, manifest) {
    const started = performance.now();
    const names = new OutputNames();
    return {
      parameters: () => this.#parameters,
      inputs: () => [...this.#inputs.values()].map(({ bytes, ...input }) => ({ ...input, size: bytes.length })),
      open: (name, gzip) => this.#open(manifest, name, gzip),
      progress: (done, total, stage) => void (run.progress = { done, total, stage }),
      log: (level, stage, message) => void run.log.push({ level, stage, message }),
      poll: () => (this.#polls.length > 1 ? this.#polls.shift() : (this.#polls[0] ?? "none")),
      usage: () => ({ fuel: 0n, memoryBytes: 0, seconds: manifest.deterministic ? undefined : (performance.now() - started) / 1000 }),
      report: (report) => void (run.report = report),
      create: (description) => create(run, names, description),
      saveCheckpoint: (bytes) => {
        run.checkpoint = bytes.slice();
        this.#checkpoint = run.checkpoint;
      },
      loadCheckpoint: () => this.#checkpoint?.slice(),
      seen: (key) => this.#seen.has(key),
      mark: (key) => void run.marks.push(key),
      hmac: (secret, texts) => this.#hmac(manifest, secret, texts),
      send: (request) => this.#send(run, manifest, request),
    };
  }

  #open(manifest, name, gzip) {
    const declared = manifest.inputs.some((one) => (one.many ? name.startsWith(`${one.name}/`) : one.name === name));
    const input = declared ? this.#inputs.get(name) : undefined;
    if (input === undefined) throw new InvalidRequest(`there is no input ${JSON.stringify(name)}`);
    return reader(input, gzip);
  }

  #hmac(manifest, secret, texts) {
    const asked = (manifest.hmac ?? []).some((name) => name === secret || name === "*");
    if (!asked || !this.#secrets.has(secret)) {
      throw new InvalidRequest(`the secret ${secret} is not there, or the manifest does not ask for it (hmac)`);
    }
    return texts.map((text) => new Uint8Array(createHmac("sha256", this.#secrets.get(secret)).update(text).digest()));
  }

  #send(run, manifest, request) {
    const denied = (why) => new HttpError("HTTP-request-denied", `the host sent no request or has no answer: ${why}`);
    const { host, origin } = new URL(request.url);
    const asks = manifest.http ?? { hosts: [], secrets: [] };
    if (!asks.hosts.some((wanted) => matches(wanted, host, origin))) throw denied("HTTP-request-denied");
    for (const [, name] of request.headers.map(([, value]) => value).join("\n").matchAll(SECRET)) {
      if (!asks.secrets.includes(name) || !this.#secrets.has(name)) throw denied(`there is no secret ${name}`);
    }
    run.requests.push(request);
    const answer = this.#answers.get(request.url);
    if (answer === undefined) throw new HttpError("DNS-error", `the host sent no request or has no answer: the test answers nothing to ${request.url}`);
    return answer;
  }
}

function matches(wanted, host, origin) {
  if (wanted.startsWith("http://")) return wanted === origin;
  if (wanted.startsWith("*.")) return host.endsWith(wanted.slice(1));
  return wanted === host;
}

function reader({ bytes, fileName }, gzip) {
  let position = 0;
  const raw = (most) => {
    const piece = bytes.slice(position, position + most);
    position += piece.length;
    return piece.length === 0 ? undefined : piece;
  };
  let zipped;
  const plain = (most) => {
    if (!gzip) return raw(most);
    zipped ??= { start: position, content: unzipped(bytes.subarray(position), fileName), taken: 0 };
    const { start, content, taken } = zipped;
    const piece = content.slice(taken, taken + most);
    zipped.taken += piece.length;
    // As much of the file was read as belongs to it, about.
    position = start + Math.ceil(((bytes.length - start) * zipped.taken) / (content.length || 1));
    return piece.length === 0 ? undefined : piece;
  };
  return {
    bytes: raw,
    plain,
    text: () => {
      const rest = plain(Infinity);
      if (rest === undefined) return undefined;
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rest);
      } catch {
        throw new Failure("InvalidData", `${fileName} is not utf-8`);
      }
    },
    seek: (to) => {
      position = to;
      zipped = undefined;
    },
    position: () => position,
  };
}

function unzipped(bytes, fileName) {
  try {
    return new Uint8Array(gunzipSync(bytes));
  } catch (error) {
    throw new Failure("InvalidData", `${fileName} is not a whole gzip file: ${error.message}`);
  }
}

function create(run, names, description) {
  const name = description.name.normalize("NFC");
  const refused = refusedOutput(name) ?? names.insert(name);
  if (refused !== undefined) throw new InvalidRequest(refused);
  const pieces = [];
  return {
    write: (data) => void pieces.push(typeof data === "string" ? bytesOf(data) : data.slice()),
    finish: () => void run.outputs.set(name, { ...description, name, bytes: new Uint8Array(Buffer.concat(pieces)) }),
    drop: () => names.remove(name),
  };
}

/** Every job may leave a list of failed records. Names are compared in the form in which they are kept. */
function undeclared(outputs, manifest) {
  const declared = new Set(manifest.outputs.map((one) => one.name.normalize("NFC")));
  const made = [...outputs].filter(([, output]) => output.role !== "failedRecords").map(([name]) => name);
  return declared.size === 0 ? [] : made.filter((name) => !declared.has(name));
}

/** As in a cell: what a job throws is a failure whose code is its name. */
function failureOf(error) {
  const known = told(error);
  if (known instanceof Failure) return known;
  if (known instanceof HostError) return new Failure(known.code, known.message, { transient: known.transient, cause: known });
  if (error instanceof Error) return new Failure(error.name, `${error.name}: ${error.message}`, { cause: error });
  return new Failure("Thrown", String(error));
}

export { Completion, Failure };
