import { FatalError } from "../../runtime/errors.ts";
import { sameBytes } from "../../runtime/platform/bytes.ts";
import { contentProven, type TrieProof } from "../trie/trieProof.ts";
import { contentOf, type Living, placeOf, SPACES, spacedKey } from "./place.ts";

/** What a key holds in the state with a root, or that it holds nothing. */
export interface ValueProof {
  /** Version of the stream whose root it leads to. */
  readonly number: number;
  readonly entry: Living | undefined;
  readonly proof: TrieProof;
}

/**
 * The entry of a key under a state root; undefined when the key holds nothing there.
 * @throws FatalError kv/bad-proof when that is not shown
 */
export function entryProven(
  root: Uint8Array,
  key: Uint8Array,
  { entry, proof }: ValueProof,
): ValueProof["entry"] {
  const content = contentProven(root, placeOf(spacedKey(SPACES.data, key)), proof);
  if (content === undefined && entry === undefined) return undefined;
  if (
    entry !== undefined &&
    content !== undefined &&
    sameBytes(content, contentOf(entry.version, entry.value))
  )
    return entry;
  throw new FatalError("kv/bad-proof", "not a proof of a value: it is of another one", {});
}
