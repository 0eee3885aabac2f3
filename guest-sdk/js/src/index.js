// Write a Fuelcell job in JavaScript or TypeScript. README.md is the guide.
//
// These files know the guest interface in JavaScript's words and nothing of servers. The engine runs them as they are, and so
// does Node for tests.

export { ArtifactWriter } from "./artifact.js";
export { Context } from "./context.js";
export { Completion, Failure, HostError, HostLimit, HttpError, InvalidRequest, StorageError } from "./end.js";
export { InputReader } from "./input.js";
export { parseJson, stringifyJson } from "./json.js";
export { defineJob } from "./job.js";
