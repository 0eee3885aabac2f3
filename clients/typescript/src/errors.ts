/** What can go wrong, as errors that say so. */

import type { Schemas } from "./types.js";

/** Whatever this package throws of its own. */
export class FuelcellError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export type Fault = Schemas["FaultAnswer"];

/** The server refused a request, in its own words. */
export class ApiError extends FuelcellError {
  constructor(
    /** The status of HTTP. */
    readonly status: number,
    /** A stable word, such as `InvalidParameters`. */
    readonly code: string,
    /** A sentence for people. */
    readonly detail: string,
    /** All that is wrong with the body: `pointer` says where, `message` what is allowed there. */
    readonly errors: Fault[] = [],
    /** Stands in the server's log as well. */
    readonly requestId: string | null = null,
    /** After how many milliseconds the server wants to be asked again. */
    readonly retryAfterMs: number | null = null,
  ) {
    const places = errors.map(({ pointer, message }) => `\n  ${pointer || "(the body)"}: ${message}`);
    super(`${status} ${code}: ${detail}${places.join("")}`);
  }
}

/** The server could not be reached, or the connection broke off, for longer than was to be waited. */
export class NoAnswer extends FuelcellError {}

/** A job had not ended in the time for which it was waited. It goes on. */
export class WaitTimeout extends FuelcellError {}

/** Bytes that were sent or received are not those that they should be. */
export class DigestMismatch extends FuelcellError {}

/** A job that was waited for failed or was cancelled. */
export class JobNotCompleted extends FuelcellError {
  constructor(
    /** The job's last status document. */
    readonly job: Schemas["StatusAnswer"],
  ) {
    const why = job.error ? `: ${job.error.code}: ${job.error.message}` : "";
    super(`job ${job.jobId} ended as ${job.status}${why}`);
  }
}
