import { createContext, useContext, useEffect, useRef } from "react";
import type { Told } from "../api/stream";

/** The stream of the project's events, shared by all that is shown. */
export type Live = { listen: (listener: (told: Told) => void) => () => void };

export const LiveContext = createContext<Live | null>(null);

export function useLive(listener: (told: Told) => void): void {
  const live = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => live?.listen((told) => latest.current(told)), [live]);
}

/** Calls at most once in `pause`, and once more after the last time that it was asked to. */
export function useThrottled(action: () => void, pause: number): () => void {
  const latest = useRef(action);
  const timer = useRef<number | undefined>(undefined);
  const last = useRef(0);
  useEffect(() => {
    latest.current = action;
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useRef(() => {
    if (timer.current !== undefined) return;
    const wait = Math.max(0, last.current + pause - Date.now());
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      last.current = Date.now();
      latest.current();
    }, wait);
  }).current;
}
