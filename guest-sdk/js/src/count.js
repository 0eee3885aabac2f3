// Whole numbers as the interface has them.

/** A number from 0 to 2^64 - 1, exactly. */
export function count(value, what) {
  const whole = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof whole !== "bigint" || whole < 0n || whole >= 1n << 64n) {
    throw new RangeError(`${what} is a whole number from 0 to 2^64 - 1, and not ${String(value)}`);
  }
  return whole;
}
