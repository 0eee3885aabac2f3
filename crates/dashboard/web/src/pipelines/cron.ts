import type { Texts } from "../texts/en";

const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/** Times of a day that a sentence names one by one. */
const MOST_TIMES = 6;

type Part = { any: true } | { every: number } | { values: number[] };

/** A field of a cron expression, as far as a sentence can say it. */
function part(field: string, [lowest, highest]: [number, number], names: string[] = [], first = 0): Part | null {
  if (field === "*" || field === "?") return { any: true };
  const every = /^\*\/(\d+)$/.exec(field);
  if (every) return Number(every[1]) > 0 && Number(every[1]) <= highest ? { every: Number(every[1]) } : null;
  const number = (word: string) => {
    const named = names.indexOf(word.toUpperCase());
    return named >= 0 ? named + first : /^\d+$/.test(word) ? Number(word) : NaN;
  };
  const values = field.split(",").flatMap((piece) => {
    const [from, to, ...others] = piece.split("-");
    const [low, high] = [number(from ?? ""), to === undefined ? number(from ?? "") : number(to)];
    return others.length > 0 || !(low <= high) || high > highest ? [NaN] : Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
  return values.every((value) => value >= lowest && value <= highest) ? { values } : null;
}

const two = (number: number) => String(number).padStart(2, "0");

function timesOf(minute: Part, hour: Part, words: Texts["cron"]): string | null {
  if ("any" in minute && "any" in hour) return words.everyMinutes(1);
  if ("every" in minute && "any" in hour) return words.everyMinutes(minute.every);
  if (!("values" in minute)) return null;
  const only = minute.values.length === 1 ? minute.values[0]! : null;
  if ("any" in hour) return only === null ? null : words.everyHours(1, only);
  if ("every" in hour) return only === null ? null : words.everyHours(hour.every, only);
  const times = hour.values.flatMap((hour) => minute.values.map((minute) => `${two(hour)}:${two(minute)}`));
  return times.length <= MOST_TIMES ? words.at(times) : null;
}

/** Days in a row as first and last. */
function spans(values: number[], name: (value: number) => string, words: Texts["cron"]): string[] {
  const sorted = [...new Set(values)].sort((one, other) => one - other);
  const inRow = sorted.length > 2 && sorted.every((value, index) => value === sorted[0]! + index);
  return inRow ? [words.span(name(sorted[0]!), name(sorted.at(-1)!))] : sorted.map(name);
}

/** When a schedule runs, in a sentence's words; null where that takes more than a sentence. */
export function plainWords(cron: string, t: Texts): string | null {
  const words = t.cron;
  const fields = cron.trim().split(/\s+/);
  // With six fields the first one is the second.
  if (fields.length === 6 && fields[0] === "0") fields.shift();
  if (fields.length !== 5) return null;
  const [minute, hour, day] = [part(fields[0]!, [0, 59]), part(fields[1]!, [0, 23]), part(fields[2]!, [1, 31])];
  const [month, weekday] = [part(fields[3]!, [1, 12], MONTHS, 1), part(fields[4]!, [0, 7], DAYS)];
  if (!minute || !hour || !day || !month || !weekday) return null;
  const times = timesOf(minute, hour, words);
  if (times === null || "every" in day || "every" in month || "every" in weekday) return null;
  // Where both are set, one of them suffices: no sentence for that.
  if ("values" in day && "values" in weekday) return null;
  const named = (options: Intl.DateTimeFormatOptions, date: Date) => new Intl.DateTimeFormat(t.language, { ...options, timeZone: "UTC" }).format(date);
  // 2023-01-01 was a Sunday.
  const weekdayName = (value: number) => named({ weekday: "long" }, new Date(Date.UTC(2023, 0, 1 + (value % 7))));
  const monthName = (value: number) => named({ month: "long" }, new Date(Date.UTC(2023, value - 1, 1)));
  const parts = [times];
  if ("values" in weekday) parts.push(words.weekdays(spans(weekday.values, weekdayName, words)));
  else if ("values" in day) parts.push(words.monthDays(day.values.map(String)));
  else if ("values" in hour) parts.push(words.daily);
  if ("values" in month) parts.push(words.months(spans(month.values, monthName, words)));
  return parts.join(", ");
}
