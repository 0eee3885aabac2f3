/** Streams of events: what happens to jobs, as it happens. */

import { NoAnswer } from "./errors.js";
import { broken } from "./transport.js";
import type { Schemas } from "./types.js";

/** What one event may have; a log's lines come in events, too. */
const LONGEST = 16 * 1024 * 1024;

export type EventName =
  | "queued" | "started" | "progress" | "log" | "cancelRequested" | "requeued" | "completed" | "failed" | "cancelled" | "reset";

/** What belongs to an event: all but `reset` have `jobId`, `attempt` and `timestamp`. */
export interface EventData {
  jobId?: string;
  attempt?: number;
  timestamp?: string;
  percentage?: number;
  currentStage?: string;
  lines?: Schemas["LineDto"][];
  errorCode?: string;
  reason?: string;
}

/** Something that happened to a job. After `reset` some events are not known: the present state is to be read. */
export interface Event {
  /** For `lastEventId` of a later listener. */
  id: string;
  event: EventName;
  data: EventData;
}

/** After one of these nothing happens to a job any more. */
export function isEnd(event: Event): boolean {
  return ["completed", "failed", "cancelled"].includes(event.event);
}

/** Events as they come, and milliseconds after which to come back. `silence` says how long the next bytes may take. */
export async function* parts(answer: Response, silence: () => number, signal: AbortSignal | undefined): AsyncGenerator<Event | number> {
  let id = "";
  let name = "";
  let data: string[] = [];
  let size = 0;
  for await (const line of lines(answer, silence, signal)) {
    size += line.length;
    if (size > LONGEST) throw new NoAnswer(`an event has more than ${LONGEST} characters`);
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (line === "") {
      if (data.length > 0) yield { id, event: name as EventName, data: JSON.parse(data.join("\n")) as EventData };
      [name, data, size] = ["", [], 0];
    } else if (field === "id") id = value;
    else if (field === "event") name = value;
    else if (field === "data") data.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) yield Number(value);
    // A comment says that the server is there.
    else yield NaN;
  }
}

async function* lines(answer: Response, silence: () => number, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const reader = answer.body!.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silence(), signal);
      if (done) return;
      const pieces = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = pieces.pop() ?? "";
      if (rest.length > LONGEST) throw new NoAnswer(`an event has more than ${LONGEST} characters`);
      for (const piece of pieces) yield piece.replace(/\r$/, "");
    }
  } finally {
    // Nobody waits for what is not read any more.
    reader.cancel().catch(() => undefined);
  }
}

/** What comes within a time; when nothing does, the connection is taken for broken. */
export async function within<T>(promise: Promise<T>, milliseconds: number, signal: AbortSignal | undefined): Promise<T> {
  let clock: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    clock = setTimeout(() => reject(new NoAnswer("the stream is silent")), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw error instanceof NoAnswer ? error : broken(error, signal, "the stream broke off");
  } finally {
    clearTimeout(clock);
  }
}
