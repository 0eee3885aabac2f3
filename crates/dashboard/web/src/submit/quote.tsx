import type { ReactNode } from "react";
import { fetchOwn, type Place, projectUrl, type Schemas } from "../api/client";
import { useTexts } from "../texts";
import { Facts } from "../ui/grid";
import { Text } from "../ui/text";
import { Bytes, Duration, Time } from "../ui/time";
import { styles } from "../ui/ui";

export type Quote = Schemas["QuoteAnswer"];

/** What a submission would take: nothing is stored, nothing runs. */
export async function askQuote(place: Place, body: string): Promise<Quote> {
  const answer = await fetchOwn(projectUrl(place, "execution/job?dryRun=quote"), { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await answer.json()) as Quote;
}

type Range = { expected: number; low: number; high: number };

export function Quoted({ quote }: { quote: Quote }) {
  const t = useTexts();
  const words = t.quote;
  const range = (of: Range | null | undefined, show: (value: number) => ReactNode) =>
    of ? <>{show(of.expected)} <span className={styles.hint}>({show(of.low)} – {show(of.high)})</span></> : words.unknown;
  const count = (value: number) => value.toLocaleString(t.language);
  return (
    <section className={styles.card} aria-live="polite">
      <Facts title={words.title} rows={[
        [t.job.usage.time, range(quote.durationSeconds, (value) => <Duration seconds={value} />)],
        [t.job.usage.fuel, range(quote.fuel, count)],
        [t.job.usage.memory, range(quote.memoryBytes, (value) => <Bytes count={value} />)],
        [words.module, <Text value={`${quote.module.name} ${quote.module.version}`} max={200} />],
        [words.position, quote.queuePosition == null ? "–" : count(quote.queuePosition)],
        [words.starts, <Time at={quote.earliestStartTime} />],
      ]} />
      <p className={styles.hint}>{quote.basis ? words.basis(quote.basis.runs) : words.noBasis}</p>
    </section>
  );
}
