// How a job ends: well (`Completion`) or not (`Failure`), and host calls that could not be served.

/** What a job's function returns; `undefined` stands for `Completion.done()`. */
export class Completion {
  constructor(end, reason = "") {
    this.end = end;
    this.reason = String(reason);
    Object.freeze(this);
  }

  /** The work is done. */
  static done() {
    return new Completion("done");
  }

  /** There was nothing new to process. */
  static noItems() {
    return new Completion("noItems");
  }

  /** The job decided not to run. The text says why. */
  static skipped(reason) {
    return new Completion("skipped", reason);
  }
}

/** How a job fails: throw it. */
export class Failure extends Error {
  constructor(code, message, { transient = false, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Failure";
    this.code = String(code);
    this.transient = Boolean(transient);
  }
}

/** A host call that could not be served. */
export class HostError extends Error {
  constructor(name, code, message, transient) {
    super(message);
    this.name = name;
    this.code = code;
    this.transient = transient;
  }
}

/** A limit of this cell (disk, number of artifacts, bytes of a checkpoint …) is used up. The text names it. */
export class HostLimit extends HostError {
  constructor(message) {
    super("HostLimit", "HostLimit", message, false);
  }
}

/** The request itself was wrong: an unknown input, a bad name. The text says what is allowed. */
export class InvalidRequest extends HostError {
  constructor(message) {
    super("InvalidRequest", "InvalidRequest", message, false);
  }
}

/** The host could not read or write. Trying the job again can help. */
export class StorageError extends HostError {
  constructor(message) {
    super("StorageError", "Storage", message, true);
  }
}

/** A request over HTTP that brought no answer. `reason` is the host's word, such as `HTTP-request-denied`. */
export class HttpError extends HostError {
  constructor(reason, message) {
    super("HttpError", "HttpError", message, false);
    this.reason = reason;
  }
}

/** The failure or host error in an error and its causes: what says "cannot read" must not hide a quota. */
export function told(error) {
  for (let next = error, depth = 0; next instanceof Error && depth < 32; next = next.cause, depth += 1) {
    if (next instanceof Failure || next instanceof HostError) return next;
  }
  return undefined;
}
