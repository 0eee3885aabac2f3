// What scripts find beside the language: console, timers, text and bytes, random values, fetch.

import { view } from "./artifact.js";
import { fetchBy } from "./fetch.js";
import { inspect } from "./inspect.js";

const LEVELS = { debug: "debug", trace: "debug", log: "info", info: "info", warn: "warn", error: "error" };

/** Timers: time passes when nothing else is left to do. */
export class Timers {
  #sleep;
  #waiting = [];
  #last = 0;
  /** When the timer that ran last was due, in milliseconds: clocks of deterministic jobs stand. */
  #now = 0;

  constructor(sleep) {
    this.#sleep = sleep;
  }

  set(call, milliseconds = 0, values = [], every = false) {
    if (typeof call !== "function") throw new TypeError("a timer calls a function");
    const delay = Math.max(Number(milliseconds) || 0, every ? 1 : 0);
    this.#last += 1;
    this.#add({ id: this.#last, due: this.#now + delay, delay, call, values, every });
    return this.#last;
  }

  clear(id) {
    this.#waiting = this.#waiting.filter((timer) => timer.id !== id);
  }

  /** Waits for the timer that is due next and runs it; false if there is none. */
  turn() {
    const timer = this.#waiting.shift();
    if (timer === undefined) return false;
    if (timer.due > this.#now) this.#sleep(timer.due - this.#now);
    this.#now = Math.max(this.#now, timer.due);
    if (timer.every) this.#add({ ...timer, due: this.#now + timer.delay });
    timer.call(...timer.values);
    return true;
  }

  #add(timer) {
    const later = this.#waiting.findIndex((other) => other.due > timer.due);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, timer);
  }
}

/** Puts all of it where scripts look for it. */
export function install(host, timers) {
  const globals = {
    console: consoleOf(host),
    fetch: fetchBy(host),
    setTimeout: (call, milliseconds, ...values) => timers.set(call, milliseconds, values),
    setInterval: (call, milliseconds, ...values) => timers.set(call, milliseconds, values, true),
    clearTimeout: (id) => timers.clear(id),
    clearInterval: (id) => timers.clear(id),
    TextEncoder: encoderOf(host),
    TextDecoder: decoderOf(host),
    crypto: cryptoOf(host),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

function consoleOf(host) {
  const line = (level) => (...values) => host.log(level, "console", values.map((value) => inspect(value)).join(" "));
  return Object.fromEntries(Object.entries(LEVELS).map(([name, level]) => [name, line(level)]));
}

function encoderOf(host) {
  return class TextEncoder {
    get encoding() {
      return "utf-8";
    }

    encode(text = "") {
      return host.encode(String(text).toWellFormed());
    }
  };
}

function decoderOf(host) {
  return class TextDecoder {
    #strict;
    #keepsMark;

    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`the engine decodes utf-8, and not ${label}`);
      this.#strict = Boolean(fatal);
      this.#keepsMark = Boolean(ignoreBOM);
    }

    get encoding() {
      return "utf-8";
    }

    decode(data = new Uint8Array(), { stream = false } = {}) {
      if (stream) throw new TypeError("the engine decodes whole texts only; take `lines` of an input");
      const text = host.decode(view(data), this.#strict);
      if (text === undefined) throw new TypeError("the bytes are not utf-8");
      return !this.#keepsMark && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  };
}

function cryptoOf(host) {
  const bytes = (count) => host.random(count);
  return {
    getRandomValues(array) {
      const into = view(array);
      if (into.length > 65536) throw new RangeError("at most 65536 bytes at once");
      into.set(bytes(into.length));
      return array;
    },
    randomUUID() {
      const drawn = bytes(16);
      drawn[6] = (drawn[6] & 0x0f) | 0x40;
      drawn[8] = (drawn[8] & 0x3f) | 0x80;
      const hex = Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
    },
  };
}
