import { useEffect, useRef, useSyncExternalStore } from "react";
import { BASE, type Place, projectUrl, tellSignedOut } from "./client";

export type Told = { event: string; jobId: string; data: Record<string, unknown> };
export type Connection = "connecting" | "live" | "away" | "resting";

const EVENTS = ["queued", "started", "progress", "log", "cancelRequested", "requeued", "completed", "failed", "cancelled", "reset"];
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/** One connection to a stream of events, kept up while the page is looked at. */
class Stream {
  private source: EventSource | null = null;
  private timer: number | undefined;
  private pause = FIRST_PAUSE;
  private listeners = new Set<(told: Told) => void>();
  private watchers = new Set<() => void>();
  connection: Connection = "connecting";

  constructor(private url: string) {}

  listen(listener: (told: Told) => void): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      document.addEventListener("visibilitychange", this.look);
      window.addEventListener("online", this.look);
      this.open();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.leave();
    };
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private leave(): void {
    document.removeEventListener("visibilitychange", this.look);
    window.removeEventListener("online", this.look);
    this.close();
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private set(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.watchers.forEach((watcher) => watcher());
  }

  private tell(told: Told): void {
    this.listeners.forEach((listener) => listener(told));
  }

  /** A page that nobody looks at keeps no connection: browsers have six for a server. */
  private look = (): void => {
    if (document.hidden) {
      this.close();
      this.set("resting");
    } else if (this.source === null) this.open();
  };

  private open(): void {
    this.close();
    if (document.hidden) return this.set("resting");
    const again = this.connection !== "connecting";
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => {
      this.pause = FIRST_PAUSE;
      this.set("live");
      // What happened in between was not heard.
      if (again) this.tell({ event: "reset", jobId: "", data: {} });
    };
    source.onerror = () => this.lost(source);
    for (const event of EVENTS) {
      source.addEventListener(event, (message) => {
        const data = JSON.parse((message as MessageEvent<string>).data) as Record<string, unknown>;
        this.tell({ event, jobId: String(data["jobId"] ?? ""), data });
      });
    }
  }

  private lost(source: EventSource): void {
    if (this.source !== source) return;
    this.close();
    this.set("away");
    const pause = this.pause * (0.75 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.timer = window.setTimeout(() => void this.retry(), pause);
  }

  /** An EventSource does not say why it was refused: somebody who is signed out is told so. */
  private async retry(): Promise<void> {
    const answer = await fetch(`${BASE}/api/session`).catch(() => null);
    if (answer?.status === 401) return tellSignedOut();
    if (this.listeners.size === 0 || this.source !== null) return;
    if (answer === null) {
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      this.timer = window.setTimeout(() => void this.retry(), this.pause);
      return;
    }
    this.open();
  }

  /** Begins anew, after somebody signed in. */
  renew(): void {
    if (this.listeners.size > 0 && this.source === null) this.open();
  }
}

const streams = new Map<string, Stream>();

function streamOf(url: string): Stream {
  let stream = streams.get(url);
  if (!stream) streams.set(url, (stream = new Stream(url)));
  return stream;
}

export function renewStreams(): void {
  streams.forEach((stream) => stream.renew());
}

export function useProjectStream(place: Place, told: (told: Told) => void): Connection {
  return useStream(projectUrl(place, "execution/events"), told, true);
}

/** The events of one job from now on, until it ends. */
export function useJobStream(place: Place, jobId: string, told: (told: Told) => void, running: boolean): Connection {
  return useStream(projectUrl(place, `execution/job/${jobId}/events`), told, running);
}

function useStream(url: string, told: (told: Told) => void, wanted: boolean): Connection {
  const latest = useRef(told);
  useEffect(() => {
    latest.current = told;
  });
  const stream = streamOf(url);
  useEffect(() => (wanted ? stream.listen((event) => latest.current(event)) : undefined), [stream, wanted]);
  return useSyncExternalStore(stream.watch, () => stream.connection);
}
