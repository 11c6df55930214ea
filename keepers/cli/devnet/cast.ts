import type { Party } from "./accounts.ts";

/** A keeper that the devnet runs. */
export interface Part {
  /** Process name: "storage-3". */
  readonly name: string;
  /** Role of `mycelia run`. */
  readonly role: "storage" | "verifier" | "provider" | "beacon" | "kv";
  readonly party: Party;
  /** From 1. */
  readonly number: number;
}

export interface CastSize {
  readonly storage: number;
  readonly verifiers: number;
  readonly kv: number;
}

/** Ten nodes keep an object readable with four gone; four verifiers let three be drawn that are not the provider. */
export const defaultCast: CastSize = { storage: 10, verifiers: 4, kv: 1 };

const firstPort = { beacon: 7100, verifier: 7110, provider: 7150, storage: 7200, kv: 7300 } as const;

/** Port to try first for a part. */
export function preferredPort(part: Part): number {
  return firstPort[part.role] + part.number - 1;
}

export function castParts(size: CastSize): Part[] {
  const many = (role: "storage" | "verifier" | "kv", count: number): Part[] =>
    Array.from({ length: count }, (_, i) => ({ name: `${role}-${i + 1}`, role, party: role, number: i + 1 }));
  return [
    { name: "beacon-1", role: "beacon", party: "beacon", number: 1 },
    ...many("storage", size.storage),
    ...many("verifier", size.verifiers),
    ...many("kv", size.kv),
  ];
}
