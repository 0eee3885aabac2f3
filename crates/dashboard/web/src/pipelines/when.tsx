import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { plainWords } from "./cron";

/** Its times in a sentence, or as they were written. */
export function When({ cron, zone }: { cron: string; zone: string }) {
  const t = useTexts();
  const means = plainWords(cron, t);
  return means === null ? <code><Text value={`${cron} ${t.cron.zone(zone)}`} max={200} /></code> : <Text value={`${means} ${t.cron.zone(zone)}`} max={400} />;
}
