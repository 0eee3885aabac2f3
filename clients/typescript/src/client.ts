/** The client. */

import { contentDigest, digestOf, hash, hex } from "./digest.js";
import { ApiError, DigestMismatch, JobNotCompleted, NoAnswer, WaitTimeout } from "./errors.js";
import { type Event, isEnd, parts, within } from "./events.js";
import { randomId, stringify } from "./json.js";
import type { paths } from "./schema.js";
import { type Call, PASSING, type Progress, sleep, Transport, type Values } from "./transport.js";
import type { AnswerOf, BodyOf, InPath, Job, JobFilters, LogFilters, Method, OperationOf, PathOf, Query, Schemas } from "./types.js";

/** How many seconds a status request waits for a change. */
const WAIT = 30;
/** A module is compiled before its upload is answered. */
const COMPILE = 900_000;

const ENDED: readonly string[] = ["Completed", "Failed", "Cancelled"];

export interface ClientOptions {
  /** Its address, such as `https://fuelcell.example`. */
  server: string;
  /** A page that is signed in by a session needs none. */
  token?: string;
  tenant: string;
  project: string;
  /** For how long requests are tried again while the server does not answer, or says that it cannot now: two minutes. */
  patienceMs?: number;
  /** How long one answer may take: a minute and a half. */
  timeoutMs?: number;
  /** How long a stream of events may be silent before it is taken for broken: 45 seconds. A server breaks it every 15. */
  silenceMs?: number;
}

/** A part of bytes: from `start` on, and up to what stands before `stop`. */
export interface Range {
  start?: number;
  stop?: number;
}

interface Abortable {
  /** Ends the call. */
  signal?: AbortSignal;
}

interface Keyed extends Abortable {
  /** Who sends the same key again is answered with what was made the first time. A fresh one by default. */
  idempotencyKey?: string;
}

/** What a request is made of, whichever it is. */
interface Parts extends Keyed {
  path?: unknown;
  query?: unknown;
  body?: unknown;
}

type RequestOptions<O> = Keyed & { path?: InPath<O>; query?: Query<O>; body?: BodyOf<O> };

/** A project of a server, and what can be done in it. */
export class Client {
  private readonly transport: Transport;
  private readonly tenant: string;
  private readonly project: string;
  private readonly timeoutMs: number;
  private readonly silenceMs: number;

  constructor(options: ClientOptions) {
    const { server, token, patienceMs = 120_000, timeoutMs = 90_000, silenceMs = 45_000 } = options;
    this.timeoutMs = timeoutMs;
    this.silenceMs = silenceMs;
    this.transport = new Transport({ server, token, patienceMs, timeoutMs });
    this.tenant = escaped(options.tenant);
    this.project = escaped(options.project);
  }

  /** By the variables that the command line knows: `FUELCELL_SERVER`, `_TOKEN`, `_TENANT` and `_PROJECT`. */
  static fromEnvironment(options: Pick<ClientOptions, "patienceMs" | "timeoutMs" | "silenceMs"> = {}): Client {
    const { env = {} } = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process ?? {};
    const names = ["SERVER", "TOKEN", "TENANT", "PROJECT"].map((name) => `FUELCELL_${name}`);
    const missing = names.filter((name) => !env[name]);
    if (missing.length > 0) throw new TypeError(`not set: ${missing.join(", ")}`);
    const [server, token, tenant, project] = names.map((name) => env[name]!) as [string, string, string, string];
    return new Client({ server, token, tenant, project, ...options });
  }

  // Whatever the API has

  /**
   * Any request with JSON, typed by its method and address in the server's description. Tenant and project are filled in.
   *
   * What cannot be sent twice without harm is not tried again: `post` and `patch` without an idempotency key.
   */
  async request<M extends Method, P extends PathOf<M>>(
    method: M,
    address: P,
    options: RequestOptions<OperationOf<P, M>> = {},
  ): Promise<AnswerOf<OperationOf<P, M>>> {
    return (await this.document(method, address, options)) as AnswerOf<OperationOf<P, M>>;
  }

  private document(method: Method, address: keyof paths, options: Parts, call: Call = {}): Promise<unknown> {
    const values: Values = { tenantId: this.tenant, projectId: this.project, ...(options.path as Values | undefined) };
    const path = address.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new TypeError(`${address} needs path.${name}`);
      return escaped(String(value));
    });
    const { body, idempotencyKey, signal } = options;
    const query = options.query as Values | undefined;
    const headers = { ...call.headers, ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }) };
    const text = body === undefined ? {} : { body: stringify(body) };
    return this.transport.document(method.toUpperCase(), path, { query, ...text, ...call, headers, signal });
  }

  // Jobs

  /**
   * Queues a job; when it returns, the job is durable. The request has an idempotency key, so that it makes one job however
   * often it is sent.
   */
  async submit(job: Job, options: Keyed = {}): Promise<Schemas["SubmitAnswer"]> {
    const answer = await this.request("post", "/api/{tenantId}/{projectId}/execution/job", { ...keyed(options), body: job });
    return answer as Schemas["SubmitAnswer"];
  }

  /** Queues up to 1,000 jobs in one commit. The answer says of each what became of it. */
  submitMany(jobs: Schemas["BatchJob"][], options: Keyed = {}): Promise<Schemas["BatchAnswer"]> {
    return this.request("post", "/api/{tenantId}/{projectId}/execution/jobs", { ...keyed(options), body: { jobs } });
  }

  /** What a job would take. Nothing is queued. */
  async quote(job: Job, options: Abortable = {}): Promise<Schemas["QuoteAnswer"]> {
    const ask = () =>
      this.request("post", "/api/{tenantId}/{projectId}/execution/job", { ...options, query: { dryRun: "quote" }, body: job });
    return (await this.transport.retry(ask, options)) as Schemas["QuoteAnswer"];
  }

  /** How a job stands; with `wait` (at most 60 seconds), once that changes. */
  job(jobId: string, options: Abortable & { wait?: number } = {}): Promise<Schemas["StatusAnswer"]> {
    return this.status(jobId, options.wait ?? 0, undefined, options.signal);
  }

  /**
   * Waits until a job has ended, and says how.
   *
   * Throws `JobNotCompleted` when it failed or was cancelled, unless `check` is false, and `WaitTimeout` when it has not
   * ended after `timeoutMs`. `onEvent` is called with what happens to the job from its beginning on.
   */
  async wait(
    jobId: string,
    options: Abortable & { timeoutMs?: number; check?: boolean; onEvent?: (event: Event) => void } = {},
  ): Promise<Schemas["StatusAnswer"]> {
    const { timeoutMs, signal } = options;
    const deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
    try {
      for await (const event of await this.listen(jobId, undefined, deadline, signal, true)) options.onEvent?.(event);
    } catch (error) {
      // A proxy may hold streams back, and a server has so many of them only. A request that waits goes through.
      if (!(error instanceof NoStream)) throw error;
    }
    let job = await this.status(jobId, 0, deadline, signal);
    while (!ENDED.includes(job.status)) {
      const left = deadline === undefined ? WAIT : (deadline - Date.now()) / 1000;
      if (left <= 0) throw new WaitTimeout(`job ${jobId} has not ended after ${timeoutMs} ms; it is ${job.status}`);
      job = await this.status(jobId, Math.max(1, Math.min(WAIT, Math.floor(left))), deadline, signal);
    }
    if (options.check !== false && job.status !== "Completed") throw new JobNotCompleted(job);
    return job;
  }

  /**
   * What happens to a job, from its beginning to its end; or to all jobs of the project, from the moment on at which this
   * resolves, without end.
   *
   * Where the connection breaks off it is taken up again: no event is told twice, and none is left out without a `reset`.
   * `lastEventId` goes on behind an event that was heard before. It ends after `timeoutMs`.
   */
  events(options: Abortable & { jobId?: string; lastEventId?: string; timeoutMs?: number } = {}): Promise<AsyncGenerator<Event>> {
    const deadline = options.timeoutMs === undefined ? undefined : Date.now() + options.timeoutMs;
    return this.listen(options.jobId, options.lastEventId, deadline, options.signal, false);
  }

  /** Jobs, the newest first, page by page: each once, whatever comes and goes meanwhile. */
  jobs(filters: JobFilters = {}, options: Abortable = {}): AsyncGenerator<Schemas["ListedJob"]> {
    return this.pages("/api/{tenantId}/{projectId}/execution/jobs", "jobs", filters, options) as AsyncGenerator<Schemas["ListedJob"]>;
  }

  /** Jobs that wait, in the order in which they start. */
  queue(options: Abortable = {}): AsyncGenerator<Schemas["QueuedJob"]> {
    const query = { pageSize: 100 };
    return this.pages("/api/{tenantId}/{projectId}/execution/queue", "jobs", query, options) as AsyncGenerator<Schemas["QueuedJob"]>;
  }

  /** The lines of a job's log, as far as they are written. */
  async *logs(jobId: string, filters: LogFilters = {}, options: Abortable = {}): AsyncGenerator<Schemas["LineDto"]> {
    const address = "/api/{tenantId}/{projectId}/execution/job/{jobId}/logs";
    let query = filters;
    for (;;) {
      const page = await this.request("get", address, { ...options, path: { jobId }, query });
      yield* page.logs;
      if (!page.hasMore) return;
      query = { ...filters, cursor: page.nextCursor };
    }
  }

  /** Asks a job to end. One that runs is given time for it, which `wait` shows. */
  async cancel(jobId: string, cancel: Schemas["CancelBody"] = {}, options: Abortable = {}): Promise<void> {
    const done = async (refusal: ApiError) => refusal.status === 409 && (await this.job(jobId)).cancelRequested;
    const address = "/api/{tenantId}/{projectId}/execution/job/{jobId}";
    await this.document("delete", address, { ...options, path: { jobId }, body: cancel }, { done });
  }

  /** Queues a new job like one that failed or was cancelled. */
  retry(jobId: string, retry: Schemas["RetryBody"] = {}, options: Keyed = {}): Promise<Schemas["RetryAnswer"]> {
    const address = "/api/{tenantId}/{projectId}/execution/job/{jobId}/retry";
    return this.request("post", address, { ...keyed(options), path: { jobId }, body: retry });
  }

  /** Forgets an ended job with its outputs and its log. */
  deleteJob(jobId: string, options: Abortable = {}): Promise<void> {
    return this.remove("/api/{tenantId}/{projectId}/execution/job/{jobId}/data", { jobId }, options);
  }

  // Results

  /** Figures of a job that has ended, and links to its outputs. */
  results(jobId: string, options: Abortable = {}): Promise<Schemas["ResultsAnswer"]> {
    const query = { format: "detailed", includeArtifacts: true } as const;
    return this.request("get", "/api/{tenantId}/{projectId}/execution/job/{jobId}/results", { ...options, path: { jobId }, query });
  }

  /** The outputs of a job, the primary one first. */
  async outputs(jobId: string, options: Abortable = {}): Promise<Schemas["OutputDto"][]> {
    const { primaryOutput, additionalOutputs } = (await this.results(jobId, options)).results;
    return primaryOutput ? [primaryOutput, ...additionalOutputs] : additionalOutputs;
  }

  /**
   * The bytes of an output as they come, or of a part of it. It goes on where the connection breaks off. In Node.js, the
   * digest of a whole output is compared at its end.
   */
  async *stream(jobId: string, output: string, options: Abortable & Range & { progress?: Progress } = {}): AsyncGenerator<Uint8Array> {
    const find = () => this.output(jobId, output, options);
    const { digest, sizeBytes } = await find();
    const whole = options.start === undefined && options.stop === undefined;
    const pieces = whole && digest ? hash() : undefined;
    let done = 0;
    for await (const piece of this.bytes(async () => ownLink((await find()).downloadUrl), options)) {
      pieces?.update(piece);
      done += piece.byteLength;
      yield piece;
      options.progress?.(done, sizeBytes ?? done);
    }
    if (pieces) compare(output, digest, hex(pieces.digest()));
  }

  /** The bytes of an output, with the right digest. */
  async read(jobId: string, output: string, options: Abortable & { progress?: Progress } = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { digest } = await this.output(jobId, output, options);
    return gathered(output, digest, this.stream(jobId, output, options));
  }

  // Datasets

  /**
   * Stores bytes as a dataset: a file of a page, what `openAsBlob` of `node:fs` makes of a file, an array of bytes, or text.
   * The digest of the bytes goes with them, and the server compares it.
   */
  async upload(
    source: Blob | Uint8Array<ArrayBuffer> | string,
    options: Abortable & { name?: string; datasetId?: string; progress?: Progress } = {},
  ): Promise<Schemas["DatasetAnswer"]> {
    const name = options.name ?? (source as { name?: unknown }).name;
    if (typeof name !== "string" || name === "") throw new TypeError("these bytes have no name of their own: say name");
    const path = { datasetId: options.datasetId ?? randomId() };
    const address = "/api/{tenantId}/{projectId}/datasets/{datasetId}";
    return (await this.put(address, path, { name }, source, options)) as Schemas["DatasetAnswer"];
  }

  /** Makes a dataset of an output of a job. Its bytes stay where they are. */
  datasetOfOutput(
    jobId: string,
    output: string,
    options: Abortable & { name?: string; datasetId?: string } = {},
  ): Promise<Schemas["DatasetAnswer"]> {
    const { name, datasetId = randomId(), ...rest } = options;
    const query = { fromJob: jobId, artifact: output, ...(name === undefined ? {} : { name }) };
    return this.request("put", "/api/{tenantId}/{projectId}/datasets/{datasetId}", { ...rest, path: { datasetId }, query });
  }

  /** All datasets. */
  datasets(options: Abortable = {}): AsyncGenerator<Schemas["DatasetAnswer"]> {
    const query = { pageSize: 100 };
    return this.pages("/api/{tenantId}/{projectId}/datasets", "datasets", query, options) as AsyncGenerator<Schemas["DatasetAnswer"]>;
  }

  /** What is known of a dataset. */
  dataset(datasetId: string, options: Abortable = {}): Promise<Schemas["DatasetAnswer"]> {
    return this.request("get", "/api/{tenantId}/{projectId}/datasets/{datasetId}", { ...options, path: { datasetId } });
  }

  /** The bytes of a dataset, with the right digest. */
  async readDataset(datasetId: string, options: Abortable = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { digest } = await this.dataset(datasetId, options);
    return gathered(`dataset ${datasetId}`, digest, this.streamDataset(datasetId, options));
  }

  /** The bytes of a dataset as they come, or of a part of it. It goes on where the connection breaks off. */
  streamDataset(datasetId: string, options: Abortable & Range = {}): AsyncGenerator<Uint8Array> {
    const link = `/api/${this.tenant}/${this.project}/datasets/${escaped(datasetId)}/content`;
    return this.bytes(() => Promise.resolve(link), options);
  }

  /** Deletes a dataset that nothing uses. */
  deleteDataset(datasetId: string, options: Abortable = {}): Promise<void> {
    return this.remove("/api/{tenantId}/{projectId}/datasets/{datasetId}", { datasetId }, options);
  }

  // Pipelines, modules, the server

  /** Makes a pipeline, or changes it. */
  putPipeline(pipeline: Schemas["PipelineBody"], options: Abortable & { pipelineId?: string } = {}): Promise<Schemas["PipelineAnswer"]> {
    const { pipelineId = randomId(), ...rest } = options;
    return this.request("put", "/api/{tenantId}/{projectId}/pipelines/{pipelineId}", { ...rest, path: { pipelineId }, body: pipeline });
  }

  /** All pipelines. */
  pipelines(options: Abortable = {}): AsyncGenerator<Schemas["PipelineAnswer"]> {
    const query = { pageSize: 100 };
    return this.pages("/api/{tenantId}/{projectId}/pipelines", "pipelines", query, options) as AsyncGenerator<Schemas["PipelineAnswer"]>;
  }

  /** Deletes a pipeline. */
  deletePipeline(pipelineId: string, options: Abortable = {}): Promise<void> {
    return this.remove("/api/{tenantId}/{projectId}/pipelines/{pipelineId}", { pipelineId }, options);
  }

  /** Stores a packed module, or an archive of scripts. It is compiled before this resolves. */
  async uploadModule(
    name: string,
    version: string,
    source: Blob | Uint8Array<ArrayBuffer>,
    options: Abortable & { progress?: Progress } = {},
  ): Promise<Schemas["VersionAnswer"]> {
    const address = "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}";
    return (await this.put(address, { name, version }, {}, source, options, COMPILE)) as Schemas["VersionAnswer"];
  }

  /** All modules of the project. */
  modules(options: Abortable = {}): AsyncGenerator<Schemas["ModuleAnswer"]> {
    return this.pages("/api/{tenantId}/{projectId}/modules", "modules", {}, options) as AsyncGenerator<Schemas["ModuleAnswer"]>;
  }

  /** The types of jobs, each with its parameters, inputs, outputs and an example. */
  async jobTypes(options: Abortable = {}): Promise<Schemas["JobTypeAnswer"][]> {
    return (await this.request("get", "/api/{tenantId}/{projectId}/job-types", options)).jobTypes;
  }

  /** Queue, figures and capacity of the server. */
  system(options: Abortable = {}): Promise<Schemas["SystemAnswer"]> {
    return this.request("get", "/api/{tenantId}/execution/system/status", options);
  }

  // What these are made of

  private async status(jobId: string, wait: number, deadline: number | undefined, signal: AbortSignal | undefined): Promise<Schemas["StatusAnswer"]> {
    const options = { path: { jobId }, query: wait > 0 ? { wait: `${wait}s` } : {}, ...(signal ? { signal } : {}) };
    const address = "/api/{tenantId}/{projectId}/execution/job/{jobId}";
    return (await this.document("get", address, options, { deadline })) as Schemas["StatusAnswer"];
  }

  private async remove(address: keyof paths, path: Values, options: Abortable): Promise<void> {
    const done = (refusal: ApiError) => refusal.status === 404;
    await this.document("delete", address, { ...options, path }, { done });
  }

  private async put(
    address: keyof paths,
    path: Values,
    query: Values,
    source: Blob | Uint8Array<ArrayBuffer> | string,
    options: Abortable & { progress?: Progress },
    timeoutMs?: number,
  ): Promise<unknown> {
    const body = source instanceof Blob ? source : new Blob([source]);
    const digest = await digestOf(body);
    const headers = digest ? { "Content-Digest": contentDigest(digest) } : {};
    const { signal, progress } = options;
    return this.document("put", address, { path, query, ...(signal ? { signal } : {}) }, { body, headers, progress, timeoutMs });
  }

  private async *pages(address: keyof paths, member: string, query: Values, options: Abortable): AsyncGenerator<unknown> {
    for (let asked = query; ; ) {
      const page = (await this.document("get", address, { ...options, query: asked })) as Values;
      yield* page[member] as unknown[];
      if (page["nextCursor"] === null) return;
      asked = { ...query, page: undefined, cursor: page["nextCursor"] };
    }
  }

  private async output(jobId: string, name: string, { signal }: Abortable): Promise<Schemas["OutputDto"]> {
    const outputs = await this.outputs(jobId, signal ? { signal } : {});
    const found = outputs.find((output) => output.name === name);
    if (found) return found;
    const names = outputs.map((output) => output.name).join(", ") || "none";
    throw new RangeError(`job ${jobId} has no output "${name}"; it has: ${names}`);
  }

  /** Bytes from one place to another, over as many connections as it takes. */
  private async *bytes(link: () => Promise<string>, { start = 0, stop, signal }: Range & Abortable): AsyncGenerator<Uint8Array> {
    if (start < 0 || (stop !== undefined && stop < start)) {
      throw new RangeError(`a part goes from a place, from 0 on, to one that is not before it; not from ${start} to ${stop}`);
    }
    let at = start;
    let target = await link();
    let tag: string | null = null;
    let alive = Date.now();
    const attempt = async (): Promise<Response> => {
      const part = at > 0 || stop !== undefined;
      const headers: Record<string, string> = part ? { Range: `bytes=${at}-${stop === undefined ? "" : stop - 1}` } : {};
      if (part && tag) headers["If-Range"] = tag;
      const signed = target.startsWith("/downloads/");
      try {
        return await this.transport.send("GET", target, { headers, signal, authorized: !signed });
      } catch (error) {
        if (!(error instanceof ApiError) || ![403, 410].includes(error.status) || !signed) throw error;
        // A link is good for some time only.
        target = await link();
        return this.transport.send("GET", target, { headers, signal, authorized: false });
      }
    };
    while (stop === undefined || at < stop) {
      let answer: Response;
      try {
        answer = await this.transport.retry(attempt, { signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 416 && at > start) return;
        throw error;
      }
      const what = target.replace(/\?.*/s, "");
      if (at > 0 && answer.status !== 206) {
        await answer.body?.cancel();
        throw new DigestMismatch(`what ${what} leads to has changed while it was read`);
      }
      tag = answer.headers.get("ETag") ?? tag;
      const begin = at;
      const length = answer.headers.get("Content-Length");
      const end = length === null ? undefined : at + Number(length);
      let lost: Error | undefined;
      const reader = answer.body!.getReader();
      try {
        for (;;) {
          const { done, value } = await within(reader.read(), this.timeoutMs, signal).catch((error: Error) => {
            lost = error;
            return { done: true, value: undefined } as const;
          });
          if (done) break;
          at += value.byteLength;
          yield value;
        }
      } finally {
        reader.cancel().catch(() => undefined);
      }
      if (lost && !(lost instanceof NoAnswer)) throw lost;
      if (at === end || (end === undefined && !lost)) return;
      if (at > begin) {
        alive = Date.now();
        continue;
      }
      if (Date.now() - alive > this.transport.patienceMs) throw lost ?? new NoAnswer(`${what} breaks off again and again`);
      await sleep(1000, signal);
    }
  }

  /** Events over as many connections as it takes, the first of which is there when this resolves. */
  private async listen(
    jobId: string | undefined,
    lastEventId: string | undefined,
    deadline: number | undefined,
    signal: AbortSignal | undefined,
    fallback: boolean,
  ): Promise<AsyncGenerator<Event>> {
    const job = jobId === undefined ? "" : `/job/${escaped(jobId)}`;
    const path = `/api/${this.tenant}/${this.project}/execution${job}/events`;
    const untilDeadline = () => Math.max(100, (deadline ?? Infinity) - Date.now());
    // How long a stream may be silent.
    const left = () => Math.min(this.silenceMs, untilDeadline());
    const over = () => deadline !== undefined && Date.now() >= deadline;
    const connect = (heard: string | undefined) => {
      const headers = { Accept: "text/event-stream", ...(heard ? { "Last-Event-ID": heard } : {}) };
      const attempt = () =>
        this.transport.send("GET", path, { headers, signal, timeoutMs: Math.min(this.timeoutMs, untilDeadline()) }).catch((error: unknown) => {
          throw fallback && error instanceof ApiError && PASSING.includes(error.status) ? new NoStream() : error;
        });
      return this.transport.retry(attempt, { deadline, signal });
    };
    return this.follow(await connect(lastEventId), { connect, heard: lastEventId, left, over, signal, ofJob: job !== "", fallback });
  }

  private async *follow(first: Response, stream: Stream): AsyncGenerator<Event> {
    const { connect, left, over, signal, ofJob, fallback } = stream;
    let answer = first;
    let { heard } = stream;
    let alive = Date.now();
    let pause = 1000;
    while (answer.status !== 204) {
      const began = Date.now();
      let progress = false;
      try {
        for await (const part of parts(answer, left, signal)) {
          alive = Date.now();
          if (typeof part === "number") {
            if (!Number.isNaN(part)) pause = part;
            continue;
          }
          heard = part.id;
          progress = true;
          yield part;
          if ((ofJob && isEnd(part)) || over()) return;
        }
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (fallback && !progress && Date.now() - began >= this.silenceMs) throw new NoStream();
      }
      if (!progress) await sleep(Math.min(pause, left()), signal);
      if (over()) return;
      if (Date.now() - alive > Math.max(this.silenceMs, this.transport.patienceMs)) {
        throw new NoAnswer("nothing was heard of the stream of events for too long");
      }
      try {
        answer = await connect(heard);
      } catch (error) {
        if (over() && (error instanceof NoAnswer || error instanceof ApiError)) return;
        throw error;
      }
      if (heard === undefined && !ofJob) {
        // Nothing says what happened between the connections.
        yield { id: "", event: "reset", data: { reason: "the connection broke off before there was an event" } };
      }
    }
  }
}

interface Stream {
  connect: (heard: string | undefined) => Promise<Response>;
  heard: string | undefined;
  left: () => number;
  over: () => boolean;
  signal: AbortSignal | undefined;
  ofJob: boolean;
  fallback: boolean;
}

/** There are no streams to be had. */
class NoStream extends Error {}

function keyed(options: Keyed): Keyed & { idempotencyKey: string } {
  return { ...options, idempotencyKey: options.idempotencyKey ?? randomId() };
}

/** As a part of a path. */
function escaped(text: string): string {
  if (["", ".", ".."].includes(text)) throw new TypeError(`"${text}" is no name and no id`);
  return encodeURIComponent(text);
}

/** A link from the server's address on: it may be reached by another one than it gives to the public. */
function ownLink(link: string): string {
  return link.slice(link.indexOf("/downloads/"));
}

async function gathered(what: string, digest: string | null, bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of bytes) pieces.push(piece as Uint8Array<ArrayBuffer>);
  const whole = new Blob(pieces);
  const found = await digestOf(whole);
  if (found) compare(what, digest, hex(found));
  return new Uint8Array(await whole.arrayBuffer());
}

function compare(what: string, expected: string | null, found: string): void {
  if (expected !== null && expected !== found) {
    throw new DigestMismatch(`the bytes of ${what} have the digest ${found}, and should have ${expected}`);
  }
}
