import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call, type Place, type Schemas } from "../api/client";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { plain } from "../ui/text";
import { duration, useMoment } from "../ui/time";
import { Field, Loading, Problem, styles } from "../ui/ui";
import { Bars } from "./bars";

type Hour = Schemas["HourAnswer"];
/** What happened in an hour or a day. */
type Slot = { key: string; name: string; completed: number; failed: number; cancelled: number; fuel: number; seconds: number; hour?: Hour };

const PERIODS = ["day", "week", "month"] as const;
type Period = (typeof PERIODS)[number];
const HOURS = { day: 24, week: 168 };
/** Days that are shown, as the server sums them when it is asked for none. */
const DAYS = 30;

/** Every day from the first to the last, also those on which nothing ended. */
function daysOf(report: Schemas["UsageReportAnswer"]): Slot[] {
  const known = new Map(report.groups.map((group) => [group.day, group as Schemas["SumsDto"]]));
  const first = Date.parse(`${report.from}T00:00:00Z`);
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(first + index * 86_400_000).toISOString().slice(0, 10);
    const sums = known.get(day);
    const { completed, failed, cancelled } = sums?.jobs ?? { completed: 0, failed: 0, cancelled: 0 };
    return { key: day, name: day, completed, failed, cancelled, fuel: sums?.fuel ?? 0, seconds: sums?.wallSeconds ?? 0 };
  });
}

function useSlots(place: Place, period: Period) {
  const moment = useMoment();
  const slot = (hour: Hour): Slot => {
    const { start, completed, failed, cancelled, fuel, cpuSeconds } = hour;
    return { key: start, name: moment(start), completed, failed, cancelled, fuel, seconds: cpuSeconds, hour };
  };
  const usage = useQuery({
    queryKey: ["usage", place.tenantId, place.projectId, period],
    queryFn: async () =>
      period === "month"
        ? { days: await call(api.GET("/api/{tenantId}/{projectId}/usage", { params: { path: place, query: { groupBy: "day" } } })) }
        : { hours: await call(api.GET("/api/{tenantId}/{projectId}/usage/hours", { params: { path: place, query: { hours: HOURS[period] } } })) },
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
  const data = usage.data;
  return { usage, slots: data?.days ? daysOf(data.days) : data?.hours?.hours.map(slot) };
}

/** What the project's jobs did by hour or by day: small pictures, and the same as a table. */
export function Usage({ place }: { place: Place }) {
  const t = useTexts();
  const words = t.usage;
  const [period, setPeriod] = useState<Period>("day");
  const { usage, slots } = useSlots(place, period);
  return (
    <section className={styles.card} aria-label={words.heading}>
      <div className={`${styles.row} ${styles.rowApart}`}>
        <h2>{words.heading}</h2>
        <Field label={words.period}>
          {(props) => (
            <select {...props} value={period} onChange={(event) => setPeriod(event.target.value as Period)}>
              {PERIODS.map((period) => <option key={period} value={period}>{words.periods[period]}</option>)}
            </select>
          )}
        </Field>
      </div>
      {slots ? <Figures slots={slots} /> : usage.isError ? <Problem error={usage.error} retry={() => void usage.refetch()} /> : <Loading />}
    </section>
  );
}

function Figures({ slots }: { slots: Slot[] }) {
  const t = useTexts();
  const words = t.usage;
  const happened = slots.filter((slot) => slot.completed + slot.failed + slot.cancelled + slot.fuel + slot.seconds > 0);
  const sum = (of: (slot: Slot) => number) => slots.reduce((all, slot) => all + of(slot), 0);
  const count = (value: number) => value.toLocaleString(t.language, { maximumSignificantDigits: 4, notation: value >= 1e6 ? "compact" : "standard" });
  const seconds = (value: number) => duration(value, t.language);
  const failures = new Map<string, number>();
  for (const [code, jobs] of slots.flatMap((slot) => Object.entries(slot.hour?.failures ?? {}))) failures.set(code, (failures.get(code) ?? 0) + jobs);
  if (happened.length === 0) return <p className={styles.hint}>{words.none}</p>;
  const byHour = slots[0]?.hour !== undefined;
  const half = (of: "waitSeconds" | "runSeconds") => (slot: Slot) => slot.hour?.[of].p50 ?? 0;
  const rest = (of: "waitSeconds" | "runSeconds") => (slot: Slot) => (slot.hour?.[of].p95 ?? 0) - half(of)(slot);
  return (
    <>
      <p>{words.total(sum((slot) => slot.completed), sum((slot) => slot.failed), sum((slot) => slot.cancelled))}</p>
      {failures.size > 0 && <p>{words.failures([...failures].sort(([, one], [, other]) => other - one).map(([code, jobs]) => `${plain(code, 60)}: ${count(jobs)}`))}</p>}
      <div className={styles.figures}>
        <Bars title={words.ended} slots={slots} show={count} most={words.most}
          parts={[[(slot) => slot.completed, "completed"], [(slot) => slot.failed, "failed"], [(slot) => slot.cancelled, "cancelled"]]} />
        <Bars title={words.fuel} slots={slots} show={count} most={words.most} parts={[[(slot) => slot.fuel, "accent"]]} />
        {byHour ? (
          <>
            <Bars title={words.waited} slots={slots} show={seconds} most={words.most} parts={[[half("waitSeconds"), "queued"], [rest("waitSeconds"), "control"]]} />
            <Bars title={words.ran} slots={slots} show={seconds} most={words.most} parts={[[half("runSeconds"), "running"], [rest("runSeconds"), "control"]]} />
          </>
        ) : <Bars title={words.time} slots={slots} show={seconds} most={words.most} parts={[[(slot) => slot.seconds, "running"]]} />}
      </div>
      <details>
        <summary>{words.table}</summary>
        <Grid label={words.heading} columns={[byHour ? words.hour : words.day, words.completed, words.failed, words.cancelled, words.fuel, ...(byHour ? [words.cpu, words.wait95, words.run95] : [words.time])]}>
          {[...happened].reverse().map((slot) => (
            <tr key={slot.key}>
              <th scope="row">{slot.name}</th>
              {[slot.completed, slot.failed, slot.cancelled, slot.fuel].map((value, index) => <td key={index} className={page.number}>{value.toLocaleString(t.language)}</td>)}
              {[slot.seconds, ...(slot.hour ? [slot.hour.waitSeconds.p95, slot.hour.runSeconds.p95] : [])].map((value, index) => <td key={index} className={page.number}>{value == null ? "–" : seconds(value)}</td>)}
            </tr>
          ))}
        </Grid>
      </details>
    </>
  );
}
