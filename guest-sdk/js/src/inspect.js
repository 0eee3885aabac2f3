// Values as people read them in a log.

import { stringifyJson } from "./json.js";

const MOST = 2000;
/** Most causes that are told: one can be its own. */
export const CAUSES = 32;

/** A value as a line of the log shows it. */
export function inspect(value) {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Error) return described(value);
  if (typeof value !== "object" || value === null) return String(value);
  try {
    const text = stringifyJson(plain(value, [])) ?? String(value);
    return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function described(error, depth = 0) {
  const headline = `${error.name}: ${error.message}`;
  const stack = typeof error.stack === "string" ? error.stack.trimEnd() : "";
  const told = stack.startsWith(headline) ? stack : [headline, stack].filter(Boolean).join("\n");
  const goesOn = error.cause instanceof Error && depth < CAUSES;
  return goesOn ? `${told}\ncaused by ${described(error.cause, depth + 1)}` : told;
}

function plain(value, above) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[Circular]";
  const inner = (part) => plain(part, [...above, value]);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [String(key), inner(part)]));
  if (Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)) return Array.from(value, inner);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
}
