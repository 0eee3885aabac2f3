/** SHA-256 of what is sent and received. */

/** Browsers take the digest of bytes only that lie in memory. Of more than these none is taken there. */
const MOST_IN_MEMORY = 256 * 1024 * 1024;

export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A digest that is taken piece by piece, where there is one: in Node.js. */
export function hash(): Hash | undefined {
  type Crypto = { createHash(name: string): Hash };
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return (process?.getBuiltinModule?.("node:crypto") as Crypto | undefined)?.createHash("sha256");
}

/** The digest of all bytes, or nothing where it cannot be had: pages without TLS have none. */
export async function digestOf(bytes: Blob): Promise<Uint8Array | undefined> {
  const pieces = hash();
  if (pieces) {
    for await (const piece of bytes.stream()) pieces.update(piece);
    return pieces.digest();
  }
  if (!globalThis.crypto?.subtle || bytes.size > MOST_IN_MEMORY) return undefined;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer()));
}

export function hex(digest: Uint8Array): string {
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** As the header Content-Digest has it: the server compares it with what arrived. */
export function contentDigest(digest: Uint8Array): string {
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}
