import { AbiCoder, id, keccak256 } from "ethers";

/** What a verifier commits to and later reveals: one digest a drawn receipt, and the salt that hides them. */
export interface Answers {
  readonly responseDigests: readonly string[];
  readonly salt: string;
}

/** Stands for the answer to a request that the engine itself refuses; an honest operator issues no receipt for one. */
export const REFUSED = id("mycelia.compute.refused");

/** `keccak256(abi.encode(claim, round, verifier, keccak256(abi.encode(responseDigests)), salt))`. */
export function commitmentOf(claim: bigint, round: bigint, verifier: string, answers: Answers): string {
  const coder = AbiCoder.defaultAbiCoder();
  const digests = keccak256(coder.encode(["bytes32[]"], [answers.responseDigests]));
  const types = ["uint64", "uint8", "address", "bytes32", "bytes32"];
  return keccak256(coder.encode(types, [claim, round, verifier, digests, answers.salt]));
}
