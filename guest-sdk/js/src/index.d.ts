// What a job in JavaScript or TypeScript may say and ask for.

/** A whole number: a `bigint` where a `number` would not be exact. */
export type Count = number | bigint;

/** Bytes, however they come. */
export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView;

/** What a loop takes, with and without `await`. */
export interface Walk<T> extends Iterable<T>, AsyncIterable<T> {
  next(): IteratorResult<T, undefined>;
  /** All that is left, in an array. */
  toArray(): T[];
}

// Parameters

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = { readonly [word: string]: unknown };

/** A schema of a library that speaks Standard Schema and makes JSON Schemas, such as zod 4.2. */
export interface StandardSchema<Out = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: Out } | undefined;
    readonly jsonSchema?: { readonly input: (options: { target: "draft-2020-12" }) => Record<string, unknown> };
  };
}

type Simple = { string: string; boolean: boolean; number: number; integer: number; null: null };

/** The type of the values that fit a schema, as far as its words tell. A whole number beyond 2^53 - 1 is a `bigint`. */
export type FromSchema<S> = S extends { enum: readonly (infer E)[] }
  ? E
  : S extends { const: infer C }
    ? C
    : S extends { type: keyof Simple }
      ? Simple[S["type"]]
      : S extends { type: readonly (infer K)[] }
        ? K extends keyof Simple
          ? Simple[K]
          : unknown
        : S extends { type: "array"; items: infer I }
          ? FromSchema<I>[]
          : S extends { properties: infer P }
            ? Flat<
                { -readonly [K in keyof P as Given<S, P, K>]: FromSchema<P[K]> } & {
                  -readonly [K in keyof P as Exclude<K, Given<S, P, K>>]?: FromSchema<P[K]>;
                }
              >
            : S extends { type: "object" }
              ? Record<string, unknown>
              : unknown;

type Given<S, P, K extends keyof P> = S extends { required: readonly (infer R)[] }
  ? K extends R
    ? K
    : P[K] extends { default: unknown }
      ? K
      : never
  : P[K] extends { default: unknown }
    ? K
    : never;

type Flat<T> = { [K in keyof T]: T[K] };

type ParametersOf<S> = S extends { "~standard": { types?: infer T } }
  ? NonNullable<T> extends { output: infer Out }
    ? Out
    : unknown
  : FromSchema<S>;

// A job

export interface InputDeclaration {
  /** The name to open it by; with `many`, what stands before the slash. */
  name: string;
  /** The parameter that names the file; `NAMEId` if not set, with `many` the name. */
  parameter?: string;
  /** File name endings that the job reads, such as `csv.gz`; none for any. */
  formats?: readonly string[];
  /** Whether the job cannot run without it. */
  required?: boolean;
  /** Whether it stands for several files: each is opened by `NAME/…`, see `Context.inputsOf`. */
  many?: boolean;
}

export type Kind = "report" | "data" | "model" | "visualization";

export interface OutputDeclaration {
  /** The artifact's file name. */
  name: string;
  kind?: Kind;
  /** The job's word for this output; the name if not set. */
  typeName?: string;
}

export interface JobDefinition<S> {
  title: string;
  description?: string;
  /** `ProcessMining`, `DataEnrichment`, `Analysis`, or a word of the module's own. */
  jobType?: string;
  parameters?: S;
  inputs?: readonly (InputDeclaration | string)[];
  outputs?: readonly (OutputDeclaration | string)[];
  memoryBytes?: number;
  timeoutSeconds?: number;
  fuel?: number;
  diskBytes?: number;
  /** Clocks stand, and what is random follows from what the job works on. */
  deterministic?: boolean;
  /** Hosts that the job sends requests to, and names of secrets that its headers carry. */
  http?: { hosts: readonly string[]; secrets?: readonly string[] };
  /** Names of secrets that the job computes with. */
  hmac?: readonly string[];
  run(context: Context, parameters: ParametersOf<S>): Completion | void | Promise<Completion | void>;
}

export interface Job {
  readonly definition: JobDefinition<never>;
  /** What a host may know about the job before it runs it: `fuelcell.json`. */
  manifest(entry: string): Record<string, unknown>;
}

/** Defines a job: `export default defineJob({ … })`. */
export function defineJob<const S extends JsonSchema | StandardSchema = {}>(definition: JobDefinition<S>): Job;

// How a job ends

export class Completion {
  private constructor();
  readonly end: "done" | "noItems" | "skipped";
  readonly reason: string;
  static done(): Completion;
  /** There was nothing new to process. */
  static noItems(): Completion;
  /** The job decided not to run. The text says why. */
  static skipped(reason: string): Completion;
}

/** How a job fails: throw it. */
export class Failure extends Error {
  /** `code` is a short stable word of the job's own, such as `MissingColumn`; `transient` is true when trying again can help. */
  constructor(code: string, message: string, options?: { transient?: boolean; cause?: unknown });
  readonly code: string;
  readonly transient: boolean;
}

/** A host call that could not be served. */
export class HostError extends Error {
  readonly code: string;
  readonly transient: boolean;
}
export class HostLimit extends HostError {}
export class InvalidRequest extends HostError {}
export class StorageError extends HostError {}
export class HttpError extends HostError {
  /** The host's word, such as `HTTP-request-denied` or `connection-timeout`. */
  readonly reason: string;
}

// What a job may ask for

export interface Input {
  readonly name: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly size: number;
}

export class InputReader {
  private constructor();
  readonly input: Input;
  readonly size: number;
  /** How many bytes of the file were read. */
  readonly position: number;
  /** At most `most` bytes of the file as it is; `undefined` at its end. */
  read(most?: number): Uint8Array | undefined;
  seek(position: number): void;
  /** The bytes in pieces; those of a file whose name ends with `.gz` are decompressed, as for all that follow. */
  bytes(): Walk<Uint8Array>;
  /** The lines, without their ends. */
  lines(): Walk<string>;
  /** The records of a delimited file, each by the names of its first line. */
  rows(options?: { delimiter?: string }): Walk<Record<string, string>>;
  text(): string;
  json(): any;
}

export interface ArtifactOptions {
  kind?: Kind;
  typeName?: string;
  title?: string;
  mediaType?: string;
  /** True for the one output that clients show first. */
  primary?: boolean;
  role?: "output" | "failedRecords";
  recordCount?: Count;
  /** 0 to 1, only when measured on data that the model had not seen. */
  accuracy?: number;
}

export class ArtifactWriter {
  private constructor();
  /** Appends bytes, or a text as UTF-8. */
  write(data: string | Bytes): void;
  /** Seals the artifact. One that is not finished is thrown away. */
  finish(): void;
  /** Throws the artifact away, unless it is finished. */
  drop(): void;
}

export interface Finding {
  kind: string;
  message: string;
  /** How many records it concerns; 1 if not set. */
  count?: Count;
}

export interface Report {
  recordsProcessed?: Count;
  recordsTotal?: Count;
  errors?: Count;
  warnings?: readonly Finding[];
  processingErrors?: readonly Finding[];
  /** 0 to 100, by a formula that the job documents. */
  qualityScore?: number;
  validation?: { total?: Count; valid?: Count; duplicatesRemoved?: Count; invalid?: Count };
}

export interface FetchOptions {
  method?: string;
  /** A value may name a secret of the project, as in `Bearer {{secret:CRM_TOKEN}}`: the host puts it in. */
  headers?: Record<string, string> | Iterable<readonly [string, string]>;
  body?: string | Bytes | null;
  /** Seconds until the answer must have begun; the host has limits of its own. */
  timeout?: number;
}

export interface FetchResponse {
  readonly url: string;
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Iterable<[string, string]> & { get(name: string): string | null; has(name: string): boolean };
  text(): Promise<string>;
  json(): Promise<any>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export class Context {
  private constructor();
  readonly parametersJson: string;
  readonly parameters: Record<string, unknown>;
  readonly inputs: readonly Input[];
  input(name: string): Input | undefined;
  /** The files of an input that is declared with `many`, by the names that the submitter gave them. */
  inputsOf(name: string): Map<string, Input>;
  /** Opens an input by its name in the manifest. */
  open(name: string): InputReader;
  /** Tells how far the job is: `done` of `total` units of `stage`. */
  progress(done: Count, total: Count, stage?: string): void;
  debug(stage: string, ...message: unknown[]): void;
  info(stage: string, ...message: unknown[]): void;
  warn(stage: string, ...message: unknown[]): void;
  error(stage: string, ...message: unknown[]): void;
  log(level: "debug" | "info" | "warn" | "error", stage: string, ...message: unknown[]): void;
  /** Whether to stop. Cheap enough to ask once per batch of records. */
  cancellation(): "none" | "user" | "deadline";
  /** Ends the job when the host wants it to stop; for jobs that have nothing to save. */
  checkCancelled(): void;
  /** What this attempt has used so far. `seconds` are not there in a deterministic job. */
  usage(): { fuel: bigint; memoryBytes: number; seconds: number | undefined };
  /** Replaces the figures that clients see. */
  report(report: Report): void;
  /** Begins an artifact. */
  artifact(name: string, options?: ArtifactOptions): ArtifactWriter;
  /** Writes an artifact as a whole: text, bytes, pieces of these, or any other value as JSON. */
  save(name: string, content: unknown, options?: ArtifactOptions): Promise<void>;
  saveCheckpoint(data: string | Bytes): void;
  loadCheckpoint(): Uint8Array | undefined;
  seen(key: string): boolean;
  mark(key: string): void;
  hmac(secret: string, text: string | Bytes): Uint8Array;
  hmacAll(secret: string, texts: Iterable<string | Bytes>): Uint8Array[];
  fetch(url: string | { toString(): string }, options?: FetchOptions): Promise<FetchResponse>;
  /** The JSON text of a value, in which a `bigint` is a number. */
  json(value: unknown): string;
}

/** The value of a JSON text; whole numbers beyond 2^53 - 1 are `bigint`. */
export function parseJson(text: string): any;
/** The JSON text of a value, in which a `bigint` is a number. */
export function stringifyJson(value: unknown, space?: number | string): string;
