import { getBytes, keccak256 } from "ethers";
import { FatalError } from "../../runtime/errors.ts";
import { SAMPLES } from "./samples.ts";

const hashBytes = 32;
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/**
 * The tree over a node's 1,024 sample values: a perfect tree, and so the mountain range of as many entries
 * (leaf = keccak256(0x00 || value), node = keccak256(0x01 || left || right)).
 */
export class SampleTree {
  /** Node 1 is the root, the children of node i are 2i and 2i + 1, leaf i is node 1,024 + i. */
  readonly #nodes = new Uint8Array(2 * SAMPLES * hashBytes);

  /**
   * @param values 32 bytes each, in the order of the samples
   * @throws FatalError `storage/sample-values` when they are not 1,024 values of 32 bytes
   */
  constructor(values: readonly Uint8Array[]) {
    if (values.length !== SAMPLES || values.some((value) => value.length !== hashBytes))
      throw new FatalError(
        "storage/sample-values",
        `A sample has ${SAMPLES} values of ${hashBytes} bytes; ${values.length} values were given`,
        { count: values.length },
      );
    for (const [i, value] of values.entries()) this.#set(SAMPLES + i, [leafPrefix, value]);
    for (let node = SAMPLES - 1; node > 0; node--)
      this.#set(node, [nodePrefix, this.#at(2 * node), this.#at(2 * node + 1)]);
  }

  root(): Uint8Array {
    return this.#at(1);
  }

  /** Siblings that prove samples `even` and `even` + 1 together: those above both, bottom to top. */
  provePair(even: number): Uint8Array[] {
    const siblings: Uint8Array[] = [];
    for (let node = (SAMPLES + even) >> 1; node > 1; node >>= 1) siblings.push(this.#at(node ^ 1));
    return siblings;
  }

  #at(node: number): Uint8Array {
    return this.#nodes.slice(node * hashBytes, (node + 1) * hashBytes);
  }

  #set(node: number, parts: readonly Uint8Array[]): void {
    this.#nodes.set(getBytes(keccak256(Buffer.concat(parts))), node * hashBytes);
  }
}
