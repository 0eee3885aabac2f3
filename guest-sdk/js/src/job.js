// A job: what its manifest says, and the function that does the work.

import { Completion } from "./end.js";
import { Context } from "./context.js";
import { readParameters, schemaOf } from "./schema.js";

/** The version of the guest interface that this SDK is built for. */
const INTERFACE = "0.1";
/** The engine that scripts of this SDK run on. */
const ENGINE = "javascript@2025";
const KNOWN = [
  "title", "description", "jobType", "parameters", "inputs", "outputs", "memoryBytes", "timeoutSeconds", "fuel", "diskBytes",
  "deterministic", "http", "hmac", "run",
];
const LIMITS = ["memoryBytes", "timeoutSeconds", "fuel", "diskBytes"];

/** A job as `defineJob` makes it. */
export class Job {
  constructor(definition) {
    this.definition = definition;
    Object.freeze(this);
  }

  /** What a host may know about the job before it runs it: `fuelcell.json`. */
  manifest(entry) {
    const { title, description = "", jobType = null, deterministic = false, http, hmac } = this.definition;
    return {
      interface: INTERFACE,
      engine: ENGINE,
      entry,
      jobType,
      title,
      description,
      parameters: schemaOf(this.definition.parameters),
      inputs: (this.definition.inputs ?? []).map(input),
      outputs: (this.definition.outputs ?? []).map(output),
      limits: limits(this.definition),
      deterministic,
      ...(http === undefined ? {} : { http: { hosts: [...http.hosts], secrets: [...(http.secrets ?? [])] } }),
      ...(hmac === undefined ? {} : { hmac: [...hmac] }),
    };
  }

  /** Reads the parameters and runs the job once on a host. */
  async run(host) {
    const context = new Context(host);
    const parameters = await readParameters(this.definition.parameters, context.parameters);
    const ended = (await this.definition.run(context, parameters)) ?? Completion.done();
    if (ended instanceof Completion) return ended;
    throw new TypeError(`a job returns nothing or a Completion, and this one returned ${typeof ended}`);
  }
}

/** Defines a job: `export default defineJob({ title, parameters, inputs, outputs, run })`. */
export function defineJob(definition) {
  const unknown = Object.keys(definition).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new TypeError(`a job has no ${unknown}; it has ${KNOWN.join(", ")}`);
  if (typeof definition.title !== "string" || definition.title === "") throw new TypeError("a job has a title, which is a text");
  if (typeof definition.run !== "function") throw new TypeError("a job has a function: run(context, parameters)");
  return new Job({ ...definition });
}

function input(declared) {
  const one = typeof declared === "string" ? { name: declared } : declared;
  const { name, formats = [], required = false, many = false } = one;
  return { name, parameter: one.parameter ?? (many ? name : `${name}Id`), formats: [...formats], required, many };
}

function output(declared) {
  const { name, kind = "data", typeName } = typeof declared === "string" ? { name: declared } : declared;
  return { name, kind, type: typeName ?? name };
}

function limits(definition) {
  const set = LIMITS.filter((name) => definition[name] !== undefined);
  for (const name of set) {
    const value = definition[name];
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new TypeError(`the limit ${name} is a positive whole number, and not ${String(value)}`);
    }
  }
  return Object.fromEntries(set.map((name) => [name, definition[name]]));
}
