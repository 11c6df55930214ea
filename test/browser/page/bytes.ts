const MOST_AT_ONCE = 65_536;

/** Bytes that follow from a seed, for both sides of a test: xorshift32, a byte a step. */
export function bytesOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

/** As they come from a file or the network: in pieces. */
export async function* piecesOf(length: number, seed: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += MOST_AT_ONCE)
    yield bytesOf(Math.min(MOST_AT_ONCE, length - at), seed + at);
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(Uint8Array.from(piece));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

export async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "nothing thrown";
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: string };
    return typeof code === "string" ? code : String(name);
  }
}
