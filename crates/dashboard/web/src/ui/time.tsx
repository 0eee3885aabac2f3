import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useTexts } from "../texts";

type Zone = "local" | "utc";
const Context = createContext<Zone>("local");

export function ZoneProvider({ zone, children }: { zone: Zone; children: ReactNode }) {
  return <Context value={zone}>{children}</Context>;
}

export function useMoment(): (iso: string) => string {
  const zone = useContext(Context);
  const { language } = useTexts();
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "medium",
    timeZone: zone === "utc" ? "UTC" : undefined,
  });
  return (iso) => format.format(new Date(iso)) + (zone === "utc" ? " UTC" : "");
}

/** A moment in the zone of choice, with UTC on hover. */
export function Time({ at }: { at: string | null | undefined }) {
  const moment = useMoment();
  if (!at) return <>–</>;
  return (
    <time dateTime={at} title={`${new Date(at).toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC`}>
      {moment(at)}
    </time>
  );
}

/** `1.2 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number, language: string): string {
  const number = (value: number, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits });
  if (seconds < 10) return `${number(seconds, seconds < 1 ? 3 : 1)} s`;
  if (seconds < 60) return `${number(seconds, 0)} s`;
  if (seconds < 3600) return `${number(Math.floor(seconds / 60))} min ${number(Math.floor(seconds % 60))} s`;
  return `${number(Math.floor(seconds / 3600))} h ${number(Math.floor((seconds % 3600) / 60))} min`;
}

export function Duration({ seconds }: { seconds: number | null | undefined }) {
  const { language } = useTexts();
  return <>{seconds == null ? "–" : duration(seconds, language)}</>;
}

/** How long it is since then, counted on. */
export function Since({ at }: { at: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return <Duration seconds={Math.max(0, Math.floor((now - Date.parse(at)) / 1000))} />;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(count: number, language: string): string {
  const power = count < 1024 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), UNITS.length - 1);
  return `${(count / 1024 ** power).toLocaleString(language, { maximumFractionDigits: power === 0 ? 0 : 1 })} ${UNITS[power]}`;
}

export function Bytes({ count }: { count: number | null | undefined }) {
  const { language } = useTexts();
  return <>{count == null ? "–" : bytes(count, language)}</>;
}
