import { isObject, type Json, type JsonObject, parseExact, same, writeExact } from "../api/exact";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import page from "./job.module.css";

/** A place in a document, with what stood there and what stands there now. */
export type Change = [pointer: string, from: string | undefined, to: string | undefined];

/** What is different, one line for each place. */
export function Changes({ changes }: { changes: Change[] }) {
  const words = useTexts().job.retry;
  return (
    <div>
      <p>{words.changes(changes.length)}</p>
      {changes.length > 0 && (
        <ul className={page.diff} tabIndex={0}>
          {changes.map(([pointer, from, to]) => (
            <li key={pointer}>
              <code><Text value={pointer} max={200} /></code>: {from === undefined ? words.added : <del><Text value={from} max={200} /></del>}{" "}
              {to === undefined ? words.removed : <ins><Text value={to} max={200} /></ins>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The object, or what is wrong with the text. */
export function parsed(text: string): JsonObject | string {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : typeof value;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

/** Places where two objects differ, with both texts. */
export function changesOf(before: JsonObject, after: JsonObject, pointer = ""): Change[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    const at = `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    if (isObject(from) && isObject(to)) return changesOf(from, to, at);
    if (from !== undefined && to !== undefined && same(from, to)) return [];
    const shown = (value: Json | undefined) => (value === undefined ? undefined : writeExact(value));
    return [[at, shown(from), shown(to)] as Change];
  });
}
