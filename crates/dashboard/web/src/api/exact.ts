/**
 * JSON whose numbers keep their digits. A number that JavaScript would change is kept as the text that it was written as;
 * where the browser cannot tell (before 2025), numbers are JavaScript's.
 */
export class ExactNumber {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Json = null | boolean | number | string | ExactNumber | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

type Context = { source?: string };
type RawJson = typeof JSON & { rawJSON?: (text: string) => unknown };

export function parseExact(text: string): Json {
  const keep = (_: string, value: unknown, context?: Context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? new ExactNumber(context.source)
      : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown) as Json;
}

export function writeExact(value: unknown, indent?: number): string {
  const raw = (JSON as RawJson).rawJSON;
  const keep = (_: string, part: unknown) => (part instanceof ExactNumber ? (raw?.(part.text) ?? Number(part.text)) : part);
  return JSON.stringify(value, keep, indent);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

export function same(one: unknown, other: unknown): boolean {
  return writeExact(one) === writeExact(other);
}

/** What RFC 7396 calls a merge patch: `from` becomes `to` by it. */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const name of Object.keys(from)) if (!(name in to)) patch[name] = null;
  for (const [name, value] of Object.entries(to)) {
    const before = from[name];
    if (before !== undefined && same(before, value)) continue;
    patch[name] = isObject(before) && isObject(value) ? mergePatch(before, value) : value;
  }
  return patch;
}
