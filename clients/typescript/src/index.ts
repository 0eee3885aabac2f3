/**
 * A typed client of Fuelcell's Execution API.
 *
 * The types of requests and answers (`Schemas`) are generated from the server's description. The rest is written by hand,
 * and needs `fetch` only.
 */

export { Client, type ClientOptions, type Range } from "./client.js";
export { ApiError, DigestMismatch, type Fault, FuelcellError, JobNotCompleted, NoAnswer, WaitTimeout } from "./errors.js";
export type { Event, EventData, EventName } from "./events.js";
export type { components, operations, paths } from "./schema.js";
export type { Progress } from "./transport.js";
export type { Job, JobFilters, LogFilters, Schemas } from "./types.js";
