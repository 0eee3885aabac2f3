// The files that a job may read.

import { InvalidRequest } from "./end.js";
import { Lines, Pieces, Rows } from "./rows.js";
import { parseJson } from "./json.js";

/** Bytes asked of the host at once: a crossing costs more than copying a small piece. */
const PIECE_BYTES = 64 * 1024;

/** Reads an input from its start. Open the input again to have a second reader. */
export class InputReader {
  #host;

  constructor(host, input) {
    this.#host = host;
    /** What the reader reads. */
    this.input = input;
  }

  /** Size of the file in bytes. */
  get size() {
    return this.input.size;
  }

  /** How many bytes of the file were read. */
  get position() {
    return this.#host.position();
  }

  /** At most `most` bytes of the file as it is; `undefined` at its end. */
  read(most = PIECE_BYTES) {
    if (!Number.isInteger(most) || most < 1) throw new InvalidRequest(`a read takes 1 byte or more, and not ${most}`);
    return this.#host.bytes(Math.min(most, 1 << 24));
  }

  /** Continues at this byte of the file. */
  seek(position) {
    if (!Number.isSafeInteger(position) || position < 0) throw new InvalidRequest(`a position is 0 or more, and not ${position}`);
    this.#host.seek(position);
  }

  /** The bytes in pieces; those of a file whose name ends with `.gz` are decompressed. */
  bytes() {
    return new Pieces(() => this.#host.plain(PIECE_BYTES));
  }

  /** The lines, without their ends. */
  lines() {
    return new Lines(() => this.#host.text());
  }

  /** The records of a delimited file, each an object by the names of its first line. */
  rows({ delimiter = "," } = {}) {
    return new Rows(this.lines(), this.input.fileName || this.input.name, delimiter);
  }

  /** All of the text. */
  text() {
    let text = "";
    for (let piece = this.#host.text(); piece !== undefined; piece = this.#host.text()) text += piece;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** All of it as a JSON value; whole numbers beyond 2^53 - 1 are `bigint`. */
  json() {
    return parseJson(this.text());
  }
}
