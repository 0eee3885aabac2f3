// What servers allow as names of outputs and inputs.

const NAME_BYTES = 1024;
const FILE_NAME_BYTES = 255;
/** Characters of names that the text of a refusal shows. */
const SHOWN = 128;
const CONTROLS = /\p{Cc}/u;
const HIDDEN = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const SEPARATORS = /[\\:*?"<>|]/;
const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

const size = (text) => new TextEncoder().encode(text).length;

/** What is wrong with the name of an output in Unicode's form NFC; `undefined` if nothing is. */
export function refusedOutput(name) {
  const rule = broken(name);
  return rule === undefined ? undefined : `${shown(name)} cannot be the name of an output: ${rule}`;
}

/** What is wrong with the name of one input of several. */
export function refusedInput(name) {
  const rule = brokenOfInput(name);
  return rule === undefined ? undefined : `${shown(name)} cannot be the name of an input: ${rule}`;
}

function brokenOfInput(name) {
  if (name.includes("/")) return "it has no /";
  if (name.normalize("NFC") !== name) return "it is in Unicode's form NFC";
  return name === "" ? "a name is not empty" : brokenOfFile(name);
}

function broken(name) {
  if (name === "") return "a name is not empty";
  if (size(name) > NAME_BYTES) return "a name has at most 1024 bytes in UTF-8, folders included";
  return name.split("/").map(brokenOfFile).find((rule) => rule !== undefined);
}

function brokenOfFile(name) {
  if (name === "") return "no part between slashes is empty, and a slash is neither first nor last";
  if (size(name) > FILE_NAME_BYTES) return "each part between slashes has at most 255 bytes in UTF-8";
  if (/^[. ]/.test(name)) return "no part of it begins with a dot or a space";
  if (/[. ]$/.test(name)) return "no part of it ends with a dot or a space";
  if (CONTROLS.test(name) || HIDDEN.test(name)) return "it has no control characters, line separators or marks of text direction";
  if (SEPARATORS.test(name)) return 'it has none of \\ : * ? " < > |';
  if (RESERVED.test(name.split(".")[0].trim())) return "no part of it is a device's name on Windows, such as CON, NUL or COM1";
  return undefined;
}

function shown(name) {
  const characters = [...name];
  const text = characters.length <= SHOWN ? name : `${characters.slice(0, SHOWN).join("")}…`;
  return CONTROLS.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** The names that a job has given away: each is there once, and none is the folder of another. */
export class OutputNames {
  #names = new Set();

  /** Takes a name, or says why it is not free. */
  insert(name) {
    const reason = this.#clash(name);
    if (reason !== undefined) return `"${name}" cannot be the name of an output: ${reason}`;
    this.#names.add(name);
    return undefined;
  }

  /** Gives a name back. */
  remove(name) {
    this.#names.delete(name);
  }

  #clash(name) {
    if (this.#names.has(name)) return "there is an output of this name";
    const parts = name.split("/");
    const folders = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
    const file = folders.find((folder) => this.#names.has(folder));
    if (file !== undefined) return `"${file}" is an output, and so no folder`;
    return [...this.#names].some((other) => other.startsWith(`${name}/`)) ? "it is a folder of outputs" : undefined;
  }
}
