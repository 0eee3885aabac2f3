import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Place = { tenantId: string; projectId: string };

/** Where the page is: the API lies beside it, whatever path a proxy shows both below. */
export const BASE = new URL(".", window.location.href.replace(/#.*$/s, "")).href.replace(/\/$/, "");

export const api = createClient<paths>({ baseUrl: BASE });

/** What the server refused, in its words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly faults: { pointer: string; message: string }[],
    readonly requestId: string | null,
  ) {
    super(detail);
  }
}

/** No answer came: the server is away, or the network. */
export class Offline extends Error {}

const listeners = new Set<() => void>();

/** Calls back when the server no longer knows who is asking. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellSignedOut(): void {
  listeners.forEach((listener) => listener());
}

function refusal(status: number, body: unknown): Refusal {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<Schemas["Problem"]>;
  if (status === 401) tellSignedOut();
  return new Refusal(
    status,
    problem.code ?? `HTTP ${status}`,
    problem.detail ?? `HTTP ${status}`,
    problem.errors ?? [],
    problem.requestId ?? null,
  );
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer's body; what went wrong is thrown. */
export async function call<T>(request: Promise<Answer<T>>): Promise<T> {
  const answer = await request.catch((error: unknown) => {
    throw error instanceof DOMException && error.name === "AbortError" ? error : new Offline(String(error));
  });
  if (!answer.response.ok) throw refusal(answer.response.status, answer.error);
  return answer.data as T;
}

/** The same for what is no JSON, or whose numbers are to keep their digits. */
export async function fetchOwn(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === "AbortError" ? error : new Offline(String(error));
  });
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
  return response;
}

export function projectUrl(place: Place, rest: string): string {
  return `${BASE}/api/${place.tenantId}/${place.projectId}/${rest}`;
}

/** Links are absolute, by the server's public address; here they are followed from where the page is. */
export function ownLink(link: string): string {
  const at = link.indexOf("/downloads/");
  return at < 0 ? link : BASE + link.slice(at);
}

/** Sends a file and tells how far it is, from 0 to 1. */
export function upload(url: string, file: Blob, progress: (share: number) => void, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status >= 200 && request.status < 300 ? resolve(request.response) : reject(refusal(request.status, request.response));
    request.onerror = () => reject(new Offline("upload"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
