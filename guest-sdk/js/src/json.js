// JSON with whole numbers of any size: one that a `number` cannot hold exactly is a `bigint`, both ways.

const LONG = /[0-9]{16}/;
const TOKEN = /[\s]*(?:([{}[\],:])|(")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(true|false|null))/y;

/** The value of a JSON text. Whole numbers beyond 2^53 - 1 become `bigint`, so that none is changed. */
export function parseJson(text) {
  const plain = JSON.parse(text);
  return LONG.test(text) ? new Reader(text).value() : plain;
}

/** The JSON text of a value, in which a `bigint` is a number. */
export function stringifyJson(value, space) {
  const large = [];
  const mark = `\u0000${Math.random()}:`;
  const text = JSON.stringify(
    value,
    (_, part) => (typeof part === "bigint" ? mark + (large.push(part) - 1) : part),
    space,
  );
  if (large.length === 0) return text;
  const quoted = JSON.stringify(mark).slice(0, -1).replace(/[\\.]/g, "\\$&");
  return text.replace(new RegExp(`${quoted}([0-9]+)"`, "g"), (_, index) => large[Number(index)].toString());
}

/** Reads a text that `JSON.parse` has taken. */
class Reader {
  constructor(text) {
    this.text = text;
    this.token = new RegExp(TOKEN);
    this.next();
  }

  next() {
    this.match = this.token.exec(this.text) ?? [];
    if (this.match[2] !== undefined) this.match[2] = this.string();
  }

  /** The string whose opening quote was read. An expression would need a stack as deep as the string is long. */
  string() {
    const { text, token } = this;
    const start = token.lastIndex - 1;
    let end = start;
    do end = text.indexOf('"', end + 1);
    while (isEscaped(text, end));
    token.lastIndex = end + 1;
    return text.slice(start, end + 1);
  }

  take() {
    const { match } = this;
    this.next();
    return match;
  }

  value() {
    const [, sign, string, number, word] = this.take();
    if (string !== undefined) return JSON.parse(string);
    if (number !== undefined) return exact(number);
    if (word !== undefined) return JSON.parse(word);
    return sign === "{" ? this.object() : this.array();
  }

  object() {
    const members = [];
    while (this.match[1] !== "}") {
      if (this.match[1] === ",") this.next();
      const name = JSON.parse(this.take()[2]);
      this.next();
      members.push([name, this.value()]);
    }
    this.next();
    return Object.fromEntries(members);
  }

  array() {
    const values = [];
    while (this.match[1] !== "]") {
      if (this.match[1] === ",") this.next();
      values.push(this.value());
    }
    this.next();
    return values;
  }
}

function isEscaped(text, index) {
  let first = index;
  while (text[first - 1] === "\\") first -= 1;
  return (index - first) % 2 === 1;
}

function exact(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?[0-9]+$/.test(text) ? number : BigInt(text);
}
