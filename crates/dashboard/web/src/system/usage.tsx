import { useQuery } from "@tanstack/react-query";
import { api, call, type Place, type Schemas } from "../api/client";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { duration } from "../ui/time";
import { Loading, Problem, styles } from "../ui/ui";

type Day = { day: string; sums: Schemas["SumsDto"] | null };

/** Days that are shown, as the server sums them when it is asked for none. */
const DAYS = 30;
const HEIGHT = 40;
const STEP = 10;

function useDays(place: Place) {
  return useQuery({
    queryKey: ["usage", place.tenantId, place.projectId, "day"],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/usage", { params: { path: place, query: { groupBy: "day" } } })),
    refetchInterval: 60_000,
  });
}

/** Every day from the first to the last, also those on which nothing ended. */
function daysOf(report: Schemas["UsageReportAnswer"]): Day[] {
  const known = new Map(report.groups.map((group) => [group.day, group as Schemas["SumsDto"]]));
  const first = Date.parse(`${report.from}T00:00:00Z`);
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(first + index * 86_400_000).toISOString().slice(0, 10);
    return { day, sums: known.get(day) ?? null };
  });
}

/** What the project's jobs did by day: small pictures, and the same as a table. */
export function Usage({ place }: { place: Place }) {
  const t = useTexts();
  const usage = useDays(place);
  if (!usage.data) return usage.isError ? <Problem error={usage.error} retry={() => void usage.refetch()} /> : <Loading />;
  const days = daysOf(usage.data);
  const { jobs } = usage.data.total;
  const words = t.usage;
  const count = (value: number) => value.toLocaleString(t.language, { maximumSignificantDigits: 4, notation: value >= 1e6 ? "compact" : "standard" });
  const seconds = (value: number) => duration(value, t.language);
  return (
    <section className={styles.card}>
      <h2>{words.title}</h2>
      {days.every((day) => day.sums === null) ? <p className={styles.hint}>{words.none}</p> : (
        <>
          <p>{words.total(jobs.completed, jobs.failed, jobs.cancelled)}</p>
          <div className={styles.figures}>
            <Bars title={words.ended} days={days} show={count}
              parts={[[(sums) => sums.jobs.completed, "completed"], [(sums) => sums.jobs.failed, "failed"], [(sums) => sums.jobs.cancelled, "cancelled"]]} />
            <Bars title={words.fuel} days={days} show={count} parts={[[(sums) => sums.fuel, "accent"]]} />
            <Bars title={words.time} days={days} show={seconds} parts={[[(sums) => sums.wallSeconds, "running"]]} />
          </div>
          <details>
            <summary>{words.table}</summary>
            <Grid label={words.title} columns={[words.day, words.completed, words.failed, words.cancelled, words.fuel, words.time]}>
              {days.filter((day) => day.sums !== null).reverse().map(({ day, sums }) => (
                <tr key={day}>
                  <th scope="row">{day}</th>
                  {[sums!.jobs.completed, sums!.jobs.failed, sums!.jobs.cancelled, sums!.fuel].map((value, index) => <td key={index} className={page.number}>{value.toLocaleString(t.language)}</td>)}
                  <td className={page.number}>{seconds(sums!.wallSeconds)}</td>
                </tr>
              ))}
            </Grid>
          </details>
        </>
      )}
    </section>
  );
}

type Part = [(sums: Schemas["SumsDto"]) => number, string];

function Bars({ title, days, parts, show }: { title: string; days: Day[]; parts: Part[]; show: (value: number) => string }) {
  const t = useTexts();
  const sum = (day: Day) => (day.sums === null ? 0 : parts.reduce((all, [of]) => all + of(day.sums!), 0));
  const most = Math.max(...days.map(sum));
  const label = `${title}. ${t.usage.most(show(most))}`;
  return (
    <figure className={styles.figure}>
      <figcaption>{title} <span className={styles.hint}>{t.usage.most(show(most))}</span></figcaption>
      <svg viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {days.map((day, index) => {
          let top = HEIGHT;
          return (
            <g key={day.day}>
              <title>{`${day.day}: ${show(sum(day))}`}</title>
              <rect x={index * STEP} width={STEP} height={HEIGHT} fill="transparent" />
              {day.sums !== null && parts.map(([of, tone]) => {
                const height = most > 0 ? (of(day.sums!) / most) * HEIGHT : 0;
                top -= height;
                return <rect key={tone} x={index * STEP + 1} y={top} width={STEP - 2} height={height} fill={`var(--${tone})`} />;
              })}
            </g>
          );
        })}
        <path d={`M0 ${HEIGHT}H${days.length * STEP}`} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
