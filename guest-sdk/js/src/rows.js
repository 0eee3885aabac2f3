// Lines and records of a text that comes in pieces.

import { Failure } from "./end.js";

/** What a loop takes, with and without `await`. */
class Walk {
  [Symbol.iterator]() {
    return this;
  }

  [Symbol.asyncIterator]() {
    return { next: async () => this.next(), return: async () => ({ done: true, value: undefined }) };
  }

  /** All that is left, in an array. */
  toArray() {
    return [...this];
  }
}

/** The lines of a text, without their ends. Each piece but the last ends with a line. */
export class Lines extends Walk {
  constructor(piece) {
    super();
    this.piece = piece;
    this.lines = [];
    this.index = 0;
    /** The line that was taken last, from 1. */
    this.number = 0;
    /** How it ended, for a field in quotes that goes on behind it. */
    this.end = "\n";
  }

  next() {
    const value = this.take();
    return { done: value === undefined, value };
  }

  /** The next line; `undefined` at the end. */
  take() {
    while (this.index >= this.lines.length) {
      const text = this.piece();
      if (text === undefined) return undefined;
      this.lines = split(this.number === 0 && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
      this.index = 0;
    }
    this.number += 1;
    const line = this.lines[this.index++];
    const bare = line.charCodeAt(line.length - 1) !== 0x0d;
    this.end = bare ? "\n" : "\r\n";
    return bare ? line : line.slice(0, -1);
  }
}

function split(text) {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

/** The records of a delimited text, each by the names of its first line. Empty lines are left out. */
export class Rows extends Walk {
  constructor(lines, shown, delimiter) {
    super();
    this.lines = lines;
    this.shown = shown;
    this.delimiter = delimiter;
    this.names = undefined;
    this.special = false;
  }

  next() {
    this.names ??= this.header();
    const fields = this.record();
    if (fields === undefined) return { done: true, value: undefined };
    if (fields.length !== this.names.length) this.refuse(`has ${fields.length} fields, the first line ${this.names.length}`);
    return { done: false, value: this.row(fields) };
  }

  header() {
    const names = this.record() ?? [];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Failure("InvalidData", `${this.shown}: the first line names ${JSON.stringify(twice)} twice`);
    this.special = names.includes("__proto__");
    return names;
  }

  row(fields) {
    const { names } = this;
    // To set this name would set no member.
    if (this.special) return Object.fromEntries(names.map((name, index) => [name, fields[index]]));
    const row = {};
    for (let index = 0; index < names.length; index += 1) row[names[index]] = fields[index];
    return row;
  }

  record() {
    let line = this.lines.take();
    while (line === "") line = this.lines.take();
    if (line === undefined) return undefined;
    return line.includes('"') ? this.quoted(line) : line.split(this.delimiter);
  }

  /** The fields of a record with quotes, which may go on in the next lines. */
  quoted(text) {
    const fields = [];
    let line = text;
    let at = 0;
    for (;;) {
      if (line[at] !== '"') {
        const end = line.indexOf(this.delimiter, at);
        fields.push(end < 0 ? line.slice(at) : line.slice(at, end));
        if (end < 0) return fields;
        at = end + this.delimiter.length;
        continue;
      }
      let field = "";
      at += 1;
      for (;;) {
        const end = line.indexOf('"', at);
        if (end >= 0) {
          field += line.slice(at, end);
          at = end + 1;
          if (line[at] !== '"') break;
          field += '"';
          at += 1;
          continue;
        }
        field += line.slice(at) + this.lines.end;
        const next = this.lines.take();
        if (next === undefined) this.refuse("ends within quotes");
        line = next;
        at = 0;
      }
      fields.push(field);
      if (at >= line.length) return fields;
      if (!line.startsWith(this.delimiter, at)) this.refuse("has text behind the quotes of a field");
      at += this.delimiter.length;
    }
  }

  refuse(what) {
    throw new Failure("InvalidData", `${this.shown}: line ${this.lines.number} ${what}`);
  }
}

/** The bytes of a file, in pieces. */
export class Pieces extends Walk {
  constructor(read) {
    super();
    this.read = read;
  }

  next() {
    const value = this.read();
    return { done: value === undefined, value };
  }
}
