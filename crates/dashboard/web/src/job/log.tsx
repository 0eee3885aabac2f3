import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { useMoment } from "../ui/time";
import { Button, Check, cx, Loading, Problem, styles } from "../ui/ui";
import page from "./job.module.css";
import type { Level, Line, useLog } from "./lines";

const LINE = 23;
/** Characters of a line that are shown; the whole log can be downloaded. */
const MAX_LINE = 4_000;
/** Characters of its stage. */
const MAX_STAGE = 100;
/** Lines that are shown at a time: what is higher than 17 million pixels, browsers cut. */
const PART = 200_000;
/** Lines that are marked and gone through. */
const MAX_FOUND = 10_000;
/** Longest text that the server looks for. */
const MAX_TEXT = 200;
/** How long nothing is typed before the server is asked. */
const TYPED = 400;

export function Log({ log, running, dropped }: { log: ReturnType<typeof useLog>; running: boolean; dropped: number }) {
  const t = useTexts();
  const words = t.job.log;
  const { lines } = log;
  const [wanted, setWanted] = useState("");
  const [only, setOnly] = useState(log.text !== "");
  const [at, setAt] = useState(0);
  const [wrap, setWrap] = useState(true);
  const [follow, setFollow] = useState(running);
  const [chosen, setChosen] = useState(0);
  const [target, setTarget] = useState<{ index: number } | null>(null);
  const { setText } = log;
  useEffect(() => {
    const timer = window.setTimeout(() => setText(only ? wanted.trim().slice(0, MAX_TEXT) : ""), TYPED);
    return () => window.clearTimeout(timer);
  }, [only, wanted, setText]);
  const frame = useRef<HTMLDivElement>(null);
  // What fits a pattern is marked by nobody: all lines that are shown do.
  const needle = log.isPattern ? "" : wanted.trim().toLowerCase();
  const found = useMemo(() => find(lines, needle), [lines, needle]);
  const parts = Math.max(1, Math.ceil(lines.length / PART));
  const part = follow && running ? parts - 1 : Math.min(chosen, parts - 1);
  const first = part * PART;
  const count = Math.min(PART, lines.length - first);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE,
    overscan: 30,
    getItemKey: useCallback((index: number) => first + index, [first]),
    measureElement: wrap ? undefined : () => LINE,
  });
  useEffect(() => virtual.measure(), [wrap, virtual]);
  useEffect(() => {
    if (follow && running && count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [follow, running, count, virtual]);
  const show = (index: number) => {
    setChosen(Math.floor(index / PART));
    setTarget({ index });
  };
  useEffect(() => {
    if (target) virtual.scrollToIndex(target.index - first, { align: "center" });
    // Only a new target moves the view, not lines that come.
  }, [target]);
  const go = (to: number) => {
    if (found.length === 0) return;
    const next = (to + found.length) % found.length;
    setAt(next);
    setFollow(false);
    show(found[next]!);
  };
  useEffect(() => {
    setAt(0);
    if (needle && found.length > 0) show(found[0]!);
    // Only a new search moves the view, not lines that come.
  }, [needle]);
  return (
    <div>
      <div className={page.logTools}>
        <input
          type="search"
          data-search=""
          aria-label={words.find}
          placeholder={words.find}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            go(at + (event.shiftKey ? -1 : 1));
          }}
        />
        {needle && (
          <>
            <span role="status">{words.of(at + 1, found.length)}</span>
            <Button onClick={() => go(at - 1)} aria-label={words.previous}>↑</Button>
            <Button onClick={() => go(at + 1)} aria-label={words.next}>↓</Button>
            <Check label={t.find.onlyMatches} checked={only} onChange={setOnly} />
          </>
        )}
        {wanted.trim() !== "" && (
          <Check
            label={words.pattern}
            checked={log.isPattern}
            onChange={(is) => {
              log.setIsPattern(is);
              setOnly(is);
            }}
          />
        )}
        <select aria-label={words.level} value={log.level} onChange={(event) => log.setLevel(event.target.value as Level)}>
          {(Object.entries(words.levels) as [Level, string][]).map(([level, word]) => <option key={level} value={level}>{word}</option>)}
        </select>
        <Check label={words.wrap} checked={wrap} onChange={setWrap} />
        {parts > 1 && (
          <select
            aria-label={words.part}
            value={part}
            onChange={(event) => {
              setFollow(false);
              show(Number(event.target.value) * PART);
            }}
          >
            {Array.from({ length: parts }, (_, index) => <option key={index} value={index}>{words.from(index * PART + 1, Math.min((index + 1) * PART, lines.length))}</option>)}
          </select>
        )}
        {running && <Check label={words.follow} checked={follow} onChange={setFollow} />}
        <span className={styles.hint}>{words.lines(lines.length)}</span>
      </div>
      {dropped > 0 && <p className={styles.fault}>{words.dropped(dropped)}</p>}
      {log.error !== null && <Problem error={log.error} retry={log.again} />}
      {!log.loaded && lines.length === 0 && <Loading />}
      {log.loaded && lines.length === 0 && log.error === null && <p className={styles.empty}>{log.level || log.text ? words.noneOfLevel : words.none}</p>}
      {lines.length > 0 && (
        <div ref={frame} className={page.log} tabIndex={0} role="log" aria-live="off" aria-label={t.job.tabs.log}>
          <div className={cx(page.lines, wrap && page.wrapped)} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => (
              <LogLine
                key={first + item.index}
                line={lines[first + item.index]!}
                index={item.index}
                top={item.start}
                needle={needle}
                isFound={needle !== "" && found[at] === first + item.index}
                measure={wrap ? virtual.measureElement : undefined}
              />
            ))}
          </div>
        </div>
      )}
      {log.more && log.loaded && <p className={styles.row}><Button onClick={log.readAll}>{words.more}</Button></p>}
    </div>
  );
}

function find(lines: Line[], needle: string): number[] {
  const found: number[] = [];
  if (!needle) return found;
  for (let index = 0; index < lines.length && found.length < MAX_FOUND; index++) {
    const line = lines[index]!;
    if (line.message.toLowerCase().includes(needle) || line.stage.toLowerCase().includes(needle)) found.push(index);
  }
  return found;
}

type LineProps = { line: Line; index: number; top: number; needle: string; isFound: boolean; measure?: (element: HTMLElement | null) => void };

function LogLine({ line, index, top, needle, isFound, measure }: LineProps) {
  const moment = useMoment();
  return (
    <div ref={measure} data-index={index} className={cx(page.line, page[line.level], isFound && page.found)} style={{ transform: `translateY(${top}px)` }}>
      <time dateTime={line.timestamp} title={moment(line.timestamp)}>{clock(line.timestamp)}</time>
      <span className={page.level}>{line.level}</span>
      <span className={page.message}>
        {line.stage && <span className={page.stage}>{marked(line.stage.slice(0, MAX_STAGE), needle)} · </span>}
        {marked(line.message.slice(0, MAX_LINE), needle)}
        {line.message.length > MAX_LINE && "…"}
      </span>
    </div>
  );
}

function clock(iso: string): string {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

function marked(message: string, needle: string): ReactNode {
  if (!needle) return <Text value={message} max={MAX_LINE} />;
  const lower = message.toLowerCase();
  const parts: ReactNode[] = [];
  let last = 0;
  // Where lower case has another length, places do not fit: such lines are found, and not marked.
  if (lower.length !== message.length) return <Text value={message} max={MAX_LINE} />;
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + needle.length)) {
    parts.push(<Text key={`${at}-before`} value={message.slice(last, at)} max={MAX_LINE} />, <mark key={at}>{message.slice(at, at + needle.length)}</mark>);
    last = at + needle.length;
  }
  parts.push(<Text key="rest" value={message.slice(last)} max={MAX_LINE} />);
  return parts;
}
