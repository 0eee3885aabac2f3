const DELIMITERS = [",", ";", "\t", "|"];

/** Rows of a delimited file, at most so many. Of a file that is cut, the last row is left out: it may be cut, too. */
export function parseTable(text: string, most: number, whole: boolean): string[][] {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const delimiter = DELIMITERS.reduce((best, other) => (first.split(other).length > first.split(best).length ? other : best));
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  let at = text.startsWith("\ufeff") ? 1 : 0;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };
  for (; at < text.length && rows.length < most; at++) {
    const char = text[at]!;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (char === '"' && cell === "") quoted = true;
    else if (char === delimiter) endCell();
    else if (char === "\n") endRow();
    else if (char !== "\r") cell += char;
  }
  if (rows.length < most && whole && (cell !== "" || row.length > 0)) endRow();
  return rows;
}
