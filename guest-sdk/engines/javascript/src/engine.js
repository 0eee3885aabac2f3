// The engine's side of the SDK: the host behind it, and how a script begins and ends.

import { Failure, HostError, HostLimit, HttpError, InvalidRequest, StorageError, told } from "./end.js";
import { stringifyJson } from "./json.js";
import { CAUSES, inspect } from "./inspect.js";
import { Job } from "./job.js";
import { Timers, install } from "./globals.js";

/** Most characters of a failure's message; the host has a limit of its own. */
const MOST = 6 * 1024;
/** A code of a failure is a word. */
const WORD = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** Calls the host: what it throws is an error of the SDK. */
function asking(call) {
  return (...values) => {
    try {
      return call(...values);
    } catch (error) {
      throw ours(error);
    }
  };
}

function ours(error) {
  const kind = error?.kind;
  if (kind === "limit") return new HostLimit(error.message);
  if (kind === "invalid") return new InvalidRequest(error.message);
  if (kind === "storage") return new StorageError(error.message);
  if (kind === "data") return new Failure("InvalidData", error.message);
  if (typeof kind === "string" && kind.startsWith("http:")) return new HttpError(kind.slice(5), error.message);
  return error;
}

function allAsking(object) {
  return Object.fromEntries(Object.entries(object).map(([name, call]) => [name, asking(call)]));
}

/** The host in the words of the SDK. */
function hostBy(native) {
  const raw = allAsking(native);
  return {
    ...raw,
    open: (name, gzip) => allAsking(raw.open(String(name), gzip)),
    progress: (done, total, stage) => raw.progress(done.toString(), total.toString(), stage.toWellFormed()),
    log: (level, stage, message) => raw.log(level, stage.toWellFormed(), message.toWellFormed()),
    usage: () => {
      const { fuel, memoryBytes, milliseconds } = raw.usage();
      return { fuel: BigInt(fuel), memoryBytes, seconds: milliseconds === undefined ? undefined : milliseconds / 1000 };
    },
    report: (report) => raw.report(stringifyJson(report)),
    create: (description) => allAsking(raw.create(stringifyJson(description))),
  };
}

/** Begins: what the engine calls from now on. */
export function start(native) {
  const host = hostBy(native);
  const timers = new Timers(host.sleep);
  install(host, timers);
  const job = async (entry) => {
    const { default: found } = await import(`fuelcell-script:${entry}`);
    if (found instanceof Job) return found;
    throw new Failure("InvalidScript", `${entry} declares no job: write "export default defineJob({ … })"`);
  };
  const answering = (call) => async (entry) => {
    try {
      return JSON.stringify(await call(await job(entry), entry));
    } catch (error) {
      return JSON.stringify({ failure: failureOf(error) });
    }
  };
  return {
    run: answering(async (found) => {
      const { end, reason } = await found.run(host);
      return { end, reason };
    }),
    describe: answering(async (found, entry) => ({ manifest: stringifyJson(found.manifest(entry)) })),
    turn: () => {
      try {
        return timers.turn();
      } catch (error) {
        // As a rejected promise that nobody asks: it fails the job when the job ends.
        Promise.reject(error);
        return true;
      }
    },
    stuck: () =>
      JSON.stringify({ failure: failureOf(new Failure("Stuck", "The job waits for a promise that nothing can settle.")) }),
    unasked: (answer, reason) => {
      // What ended the job first is told, but for a wait that the error is the cause of.
      const { failure } = JSON.parse(answer);
      return failure && failure.code !== "Stuck" ? answer : JSON.stringify({ failure: failureOf(reason) });
    },
  };
}

/** The failure that an error becomes which the script does not catch: its name is the code. */
function failureOf(error) {
  const known = told(error);
  if (known instanceof Failure) return { code: known.code, message: shortened(known.message), transient: known.transient };
  if (known instanceof HostError) return { code: known.code, message: placed(known), transient: known.transient };
  if (!(error instanceof Error)) return { code: "Thrown", message: shortened(inspect(error)), transient: false };
  return { code: WORD.test(error.name) ? error.name : "Error", message: placed(error), transient: false };
}

/** What it says, and the lines of the script where it was. */
function placed(error, depth = 0) {
  const lines = typeof error.stack === "string" ? error.stack.split("\n") : [];
  const own = lines.filter((line) => line.trim() !== "" && !/fuelcell:|\(native\)|at native/.test(line));
  const headline = `${error.name}: ${error.message}`;
  const goesOn = error.cause instanceof Error && depth < CAUSES;
  const cause = goesOn ? `\ncaused by ${placed(error.cause, depth + 1)}` : "";
  return shortened([headline, ...own].join("\n") + cause);
}

function shortened(text) {
  const whole = String(text).toWellFormed();
  return whole.length <= MOST ? whole : `${whole.slice(0, MOST / 2)}\n…\n${whole.slice(-MOST / 4)}`.toWellFormed();
}
