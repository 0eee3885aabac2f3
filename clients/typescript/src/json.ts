/** JSON as it is sent: a `bigint` is a number with all of its digits. */
export function stringify(value: unknown): string {
  const mark = randomId();
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return mark + part;
    if (typeof part === "number" && !Number.isFinite(part)) throw new TypeError(`JSON has no number ${part}`);
    return part;
  });
  return text.replace(new RegExp(`"${mark}(-?[0-9]+)"`, "g"), "$1");
}

/** A new id. Pages without TLS have no `randomUUID`. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
