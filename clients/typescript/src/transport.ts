/** Requests over HTTP: retries, refusals as errors. */

import { ApiError, NoAnswer } from "./errors.js";

/** A server that has never answered is not waited for any longer, so that a wrong address is told soon. */
const UNKNOWN_SERVER = 5_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** Statuses that a later request may not meet. */
export const PASSING: readonly number[] = [429, 502, 503, 504];
/** Methods that come to the same however often they are sent. */
const IDEMPOTENT: readonly string[] = ["GET", "PUT", "DELETE"];

export type Values = Record<string, unknown>;

/** Is told how many bytes are done, and of how many. */
export type Progress = (done: number, total: number) => void;

export interface Call {
  query?: Values | undefined;
  headers?: Record<string, string> | undefined;
  body?: string | Blob | undefined;
  progress?: Progress | undefined;
  signal?: AbortSignal | undefined;
  /** How long the answer may take. */
  timeoutMs?: number | undefined;
  /** Ends the attempt, and not the call. */
  late?: AbortSignal | undefined;
  /** When to end trying. */
  deadline?: number | undefined;
  /** Which refusals of a request that is sent once more, because the answer to it was lost, mean that it had been carried out. */
  done?: (refusal: ApiError) => boolean | Promise<boolean>;
  /** Whether the token is shown. */
  authorized?: boolean;
}

export interface Settings {
  server: string;
  token: string | undefined;
  patienceMs: number;
  timeoutMs: number;
}

/** A server and the token that is shown to it. */
export class Transport {
  private readonly base: string;
  private known = false;

  constructor(private readonly settings: Settings) {
    const url = URL.canParse(settings.server) ? new URL(settings.server) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
      throw new TypeError(`"${settings.server}" is no address of a server; one is such as https://fuelcell.example`);
    }
    this.base = url.href.replace(/\/+$/, "");
  }

  /** For how long to go on while there is no answer. */
  get patienceMs(): number {
    return this.known ? this.settings.patienceMs : Math.min(this.settings.patienceMs, UNKNOWN_SERVER);
  }

  /** The document that answers, `undefined` where there is none. */
  async document(method: string, path: string, call: Call = {}): Promise<unknown> {
    let lost = false;
    const attempt = async (): Promise<unknown> => {
      let text: string;
      let status: number;
      try {
        const late = AbortSignal.timeout(call.timeoutMs ?? this.settings.timeoutMs);
        const answer = await this.send(method, path, { ...call, late });
        status = answer.status;
        text = await answer.text().catch((error: unknown) => {
          throw broken(error, call.signal, "the answer broke off");
        });
      } catch (error) {
        if (error instanceof NoAnswer) lost = true;
        if (error instanceof ApiError && lost && (await call.done?.(error))) return undefined;
        throw error;
      }
      try {
        return text === "" ? undefined : JSON.parse(text);
      } catch {
        throw new ApiError(status, "Unknown", "the answer is no JSON");
      }
    };
    const repeatable = IDEMPOTENT.includes(method) || "Idempotency-Key" in (call.headers ?? {});
    return repeatable ? this.retry(attempt, call) : attempt();
  }

  /** Tries until there is an answer, or patience is at its end. */
  async retry<T>(attempt: () => Promise<T>, { deadline, signal }: { deadline?: number | undefined; signal?: AbortSignal | undefined } = {}): Promise<T> {
    const began = Date.now();
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await attempt();
      } catch (error) {
        let wait: number;
        if (error instanceof ApiError && PASSING.includes(error.status)) {
          // Who asks again sooner than it was told is disconnected. Some later than all others who were told the same.
          wait = (error.retryAfterMs ?? 0) + pause * Math.random();
        } else if (error instanceof NoAnswer && !isForGood(error)) {
          wait = pause * (0.5 + Math.random() / 2);
        } else {
          throw error;
        }
        if (Date.now() + wait > Math.min(began + this.patienceMs, deadline ?? Infinity)) throw error;
        await sleep(wait, signal);
      }
    }
  }

  /** The answer to one request; a refusal is thrown. */
  async send(method: string, path: string, call: Call): Promise<Response> {
    const { body, progress, signal } = call;
    const headers: Record<string, string> = { ...call.headers };
    if (call.authorized !== false && this.settings.token) headers["Authorization"] = `Bearer ${this.settings.token}`;
    if (body !== undefined) headers["Content-Type"] = typeof body === "string" ? "application/json" : "application/octet-stream";
    const url = this.base + path + written(call.query);
    signal?.throwIfAborted();
    const late = new AbortController();
    const clock = setTimeout(() => late.abort(), call.timeoutMs ?? this.settings.timeoutMs);
    const both = AbortSignal.any([signal, call.late, late.signal].filter((one) => one !== undefined));
    let response: Response;
    try {
      if (progress && body instanceof Blob) response = await sendWithProgress(method, url, headers, body, progress, both);
      else response = await fetch(url, { method, headers, body: body ?? null, signal: both, redirect: "manual" });
      this.known = true;
      if (!response.ok) throw refusal(response, await response.text());
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw broken(error, signal, `${this.base} gave no answer`);
    } finally {
      clearTimeout(clock);
    }
    return response;
  }
}

/** `fetch` does not tell how far an upload is: a stream that is read for it does, and in browsers the older interface. */
function sendWithProgress(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Blob,
  progress: Progress,
  signal: AbortSignal,
): Promise<Response> {
  if (typeof XMLHttpRequest !== "undefined") return sendByXhr(method, url, headers, body, progress, signal);
  let sent = 0;
  progress(0, body.size);
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, to) {
      to.enqueue(chunk);
      sent += chunk.byteLength;
      progress(sent, body.size);
    },
  });
  const init = { method, headers: { ...headers, "Content-Length": String(body.size) }, signal, redirect: "manual" } as const;
  // `duplex` stands in the standard of fetch, and not in the compiler's types.
  return fetch(url, { ...init, body: body.stream().pipeThrough(count), duplex: "half" } as RequestInit);
}

function sendByXhr(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Blob,
  progress: Progress,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.loaded, body.size);
    request.onload = () => {
      const lines = request.getAllResponseHeaders().trim().split(/\r?\n/).filter(Boolean);
      const told = lines.map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
      resolve(new Response(request.status === 204 ? null : request.responseText, { status: request.status, headers: told }));
    };
    request.onerror = () => reject(new TypeError("the connection broke off"));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    progress(0, body.size);
    request.send(body);
  });
}

/** What the server, or somebody before it, said no with. */
function refusal(response: Response, text: string): ApiError {
  let problem: Values = {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) problem = value as Values;
  } catch {
    // Somebody who does not speak the server's language stands before it.
  }
  const { code, detail, errors, requestId } = problem;
  return new ApiError(
    response.status,
    typeof code === "string" ? code : "Unknown",
    typeof detail === "string" ? detail : response.statusText || "no reason was given",
    Array.isArray(errors) ? errors : [],
    typeof requestId === "string" ? requestId : response.headers.get("X-Request-Id"),
    milliseconds(response.headers.get("Retry-After")),
  );
}

/** The server says seconds; a proxy may say a date. */
function milliseconds(wait: string | null): number | null {
  if (wait === null) return null;
  if (/^\d+$/.test(wait)) return Number(wait) * 1000;
  const date = Date.parse(wait);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

/** What a connection broke off with, unless the caller ended it. */
export function broken(error: unknown, signal: AbortSignal | undefined, what: string): Error {
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new DOMException(String(signal.reason), "AbortError");
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new NoAnswer(`${what}: ${why}`, { cause });
}

/** A certificate that is not trusted will not be trusted soon. */
function isForGood(error: NoAnswer): boolean {
  const { cause } = error;
  return typeof cause === "object" && cause !== null && "code" in cause && /CERT|SIGNATURE/.test(String(cause.code));
}

export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = (): void => {
      clearTimeout(clock);
      reject(signal?.reason);
    };
    const clock = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}

function written(query: Values | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
