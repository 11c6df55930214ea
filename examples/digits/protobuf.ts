/** One field of a protocol-buffers message, ready to be joined with others. */
export type Field = Uint8Array;

const encoder = new TextEncoder();

/** A varint field; `value` is not negative. */
export function integer(number: number, value: number | bigint): Field {
  return join([varint((number << 3) | 0), varint(value)]);
}

/** A length-delimited field: nested message or bytes. */
export function bytes(number: number, value: Uint8Array): Field {
  return join([varint((number << 3) | 2), varint(value.length), value]);
}

export function text(number: number, value: string): Field {
  return bytes(number, encoder.encode(value));
}

export function message(number: number, fields: readonly Field[]): Field {
  return bytes(number, join(fields));
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number | bigint): Uint8Array {
  const groups: number[] = [];
  let rest = BigInt(value);
  do {
    const group = Number(rest & 0x7fn);
    rest >>= 7n;
    groups.push(rest > 0n ? group | 0x80 : group);
  } while (rest > 0n);
  return Uint8Array.from(groups);
}
