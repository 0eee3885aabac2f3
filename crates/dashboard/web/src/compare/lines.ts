/** A line that stands in one of two texts, or in both. */
export type Line = { tone: "same" | "gone" | "new"; text: string };

/** Lines between the first and the last difference that are told apart one by one. */
const MOST = 2_000;
/** Lines around a difference that are shown with it. */
const AROUND = 2;

/** How one text becomes the other, line by line; `null` where they differ in too many lines. */
export function differ(one: string, other: string): Line[] | null {
  const [from, to] = [one.split(/\r?\n/), other.split(/\r?\n/)];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  const [gone, come] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  if (gone.length > MOST || come.length > MOST) return null;
  const same = (lines: string[]): Line[] => lines.map((text) => ({ tone: "same", text }));
  return [...same(from.slice(0, start)), ...between(gone, come), ...same(from.slice(from.length - end))];
}

/** By the longest common subsequence. */
function between(gone: string[], come: string[]): Line[] {
  const width = come.length + 1;
  const longest = new Uint16Array((gone.length + 1) * width);
  for (let row = gone.length - 1; row >= 0; row--) {
    for (let column = come.length - 1; column >= 0; column--) {
      const at = row * width + column;
      longest[at] = gone[row] === come[column] ? longest[at + width + 1]! + 1 : Math.max(longest[at + width]!, longest[at + 1]!);
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < gone.length || column < come.length) {
    const at = row * width + column;
    if (row < gone.length && column < come.length && gone[row] === come[column]) {
      lines.push({ tone: "same", text: gone[row++]! });
      column++;
    } else if (column === come.length || (row < gone.length && longest[at + width]! >= longest[at + 1]!)) lines.push({ tone: "gone", text: gone[row++]! });
    else lines.push({ tone: "new", text: come[column++]! });
  }
  return lines;
}

/** Differences with a little of what stands around them; how much is left out between is a number. */
export function shortened(lines: Line[]): (Line | number)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.tone !== "same") for (let at = index - AROUND; at <= index + AROUND; at++) near.add(at);
  });
  const shown: (Line | number)[] = [];
  lines.forEach((line, index) => {
    const last = shown.at(-1);
    if (near.has(index)) shown.push(line);
    else if (typeof last === "number") shown[shown.length - 1] = last + 1;
    else shown.push(1);
  });
  return shown;
}
