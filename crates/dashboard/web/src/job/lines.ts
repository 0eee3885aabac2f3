import { useCallback, useEffect, useRef, useState } from "react";
import { api, call, type Place, type Schemas } from "../api/client";
import { useThrottled } from "../app/live";

export type Line = Schemas["LineDto"];
export type Level = "" | "Debug" | "Info" | "Warn" | "Error";

/** The server's most. The first page is short, so that there is something to read at once. */
const PAGE = 10_000;
const FIRST_PAGE = 1_000;
/** Lines that are loaded without being asked for. */
const ENOUGH = 100_000;
/** How often the log is read on while the job runs. */
const PAUSE = 400;
/** Lines that other views show of its end. */
const TAIL = 20;

/** A job's log as far as it is loaded: it is read on from where it was, so that no line comes twice. */
export function useLog(place: Place, jobId: string) {
  const { tenantId, projectId } = place;
  const [level, setLevel] = useState<Level>("");
  /** Only lines with this, which the server looks for: also where not all lines are loaded. */
  const [text, setText] = useState("");
  /** Whether that is a regular expression. */
  const [isPattern, setIsPattern] = useState(false);
  const [lines, setLines] = useState<Line[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [loaded, setLoaded] = useState(false);
  const [more, setMore] = useState(false);
  const reading = useRef<{ cursor: string | null; busy: boolean; again: boolean }>({ cursor: null, busy: false, again: false });

  const read = useCallback(
    async (all: boolean) => {
      const mine = reading.current;
      if (mine.busy) return void (mine.again = true);
      mine.busy = true;
      try {
        let count = 0;
        do {
          mine.again = false;
          const query = { limit: mine.cursor ? PAGE : FIRST_PAGE, ...(level ? { level } : {}), ...(text ? { [isPattern ? "pattern" : "text"]: text } : {}), ...(mine.cursor ? { cursor: mine.cursor } : {}) };
          const path = { tenantId, projectId, jobId };
          const asked = api.GET("/api/{tenantId}/{projectId}/execution/job/{jobId}/logs", { params: { path, query } });
          // Without `format=raw` it is never text.
          const answer = (await call(asked)) as Schemas["LogsAnswer"];
          if (reading.current !== mine) return;
          mine.cursor = answer.nextCursor;
          count += answer.logs.length;
          if (answer.logs.length > 0) setLines((before) => before.concat(answer.logs));
          setMore(answer.hasMore);
          mine.again ||= answer.hasMore;
        } while (mine.again && (all || count < ENOUGH));
        setError(null);
      } catch (failure) {
        if (reading.current === mine) setError(failure);
      } finally {
        mine.busy = false;
        if (reading.current === mine) setLoaded(true);
      }
    },
    [tenantId, projectId, jobId, level, text, isPattern],
  );

  useEffect(() => {
    reading.current = { cursor: null, busy: false, again: false };
    setLines([]);
    setLoaded(false);
    void read(false);
  }, [read]);

  const look = useThrottled(() => void read(false), PAUSE);
  // Where there are more lines, the last ones here are not those before the end.
  return { lines, tail: more ? [] : lines.slice(-TAIL), level, setLevel, text, setText, isPattern, setIsPattern, error, loaded, more, look, readAll: () => void read(true), again: () => void read(false) };
}
