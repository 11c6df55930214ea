import { concat, Interface, type Provider, recoverAddress } from "ethers";

const ERC1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
const MAGIC = ERC1271.getFunction("isValidSignature")!.selector;

/**
 * Whether `expected` signed `digest`, as OpenZeppelin's SignatureChecker judges it on chain: an account without code by its
 * key, one with code (a smart account, or a key that has delegated to one by EIP-7702) by that code alone (ERC-1271).
 * @throws when the node cannot answer; never for a bad signature
 */
export async function isSignedBy(
  provider: Provider,
  expected: string,
  digest: string,
  signature: string,
): Promise<boolean> {
  if ((await provider.getCode(expected)) === "0x")
    return recover(digest, signature) === expected.toLowerCase();
  const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
  try {
    return (await provider.call({ to: expected, data })) === concat([MAGIC, new Uint8Array(28)]);
  } catch (error) {
    if ((error as { code?: unknown }).code === "CALL_EXCEPTION") return false;
    throw error;
  }
}

function recover(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature).toLowerCase();
  } catch {
    return undefined;
  }
}
