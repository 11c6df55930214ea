import { concat, Interface, type Provider } from "ethers";
import { recoverAddress } from "../runtime/keys/recoverAddress.ts";

const ERC1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
const MAGIC = ERC1271.getFunction("isValidSignature")!.selector;

/**
 * Whether `expected` signed `digest`, as Sessions judges it on chain: by its key first, so that a signer that gets code
 * later (EIP-7702) can't take back what it vouched; else by the code it has (ERC-1271).
 * @throws when the node cannot answer; never for a bad signature
 */
export async function isSignedBy(
  provider: Provider,
  expected: string,
  digest: string,
  signature: string,
): Promise<boolean> {
  if (recover(digest, signature) === expected.toLowerCase()) return true;
  if ((await provider.getCode(expected)) === "0x") return false;
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
