// Requests over HTTP in the words of the web's `fetch`. The host sends them, and puts secrets into their headers.

import { view } from "./artifact.js";
import { parseJson } from "./json.js";

const KNOWN = ["method", "headers", "body", "timeout"];
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NORMAL = ["delete", "get", "head", "options", "post", "put"];

/** Names in lower case; of a header that is there several times, the values are joined with commas. */
class Headers {
  #values = new Map();

  constructor(init = []) {
    const pairs = Symbol.iterator in Object(init) ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  append(name, value) {
    const key = String(name).toLowerCase();
    const there = this.#values.get(key);
    this.#values.set(key, there === undefined ? String(value) : `${there}, ${value}`);
  }

  get(name) {
    return this.#values.get(String(name).toLowerCase()) ?? null;
  }

  has(name) {
    return this.#values.has(String(name).toLowerCase());
  }

  [Symbol.iterator]() {
    return this.#values.entries();
  }
}

/** An answer, whatever its status. */
class Response {
  #body;

  constructor(url, { status, headers, body }) {
    this.url = url;
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.headers = new Headers(headers);
    this.#body = body;
  }

  async bytes() {
    return this.#body;
  }

  async arrayBuffer() {
    return this.#body.slice().buffer;
  }

  async text() {
    return new TextDecoder().decode(this.#body);
  }

  async json() {
    return parseJson(await this.text());
  }
}

/** `fetch` by a host. Rejects with `HttpError` when there is no answer. */
export function fetchBy(host) {
  return async (url, options = {}) => {
    const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
    if (unknown !== undefined) throw new TypeError(`fetch takes no ${unknown}; it takes ${KNOWN.join(", ")}`);
    const address = String(url);
    const answer = host.send(request(address, options));
    return new Response(address, answer);
  };
}

function request(url, { method = "GET", headers = {}, body, timeout }) {
  if (!/^https?:\/\/[^/?#]/.test(url)) throw new TypeError(`a URL is https://host/… or http://host/…, and not ${url}`);
  if (!METHOD.test(method)) throw new TypeError(`${method} is no method of HTTP`);
  if (timeout !== undefined && !(timeout > 0)) throw new TypeError("a timeout is in seconds, more than 0");
  return {
    method: NORMAL.includes(method.toLowerCase()) ? method.toUpperCase() : method,
    url: url.split("#")[0],
    headers: [...new Headers(headers)],
    body: body === undefined || body === null ? null : bodyOf(body),
    timeoutMilliseconds: timeout === undefined ? null : Math.ceil(timeout * 1000),
  };
}

function bodyOf(body) {
  return typeof body === "string" ? new TextEncoder().encode(body) : view(body);
}
