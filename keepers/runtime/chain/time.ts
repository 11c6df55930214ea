import type { JsonRpcApiProvider } from "ethers";

/**
 * Unix seconds, the later of the newest block's time and this machine's: a chain that mines only when asked stands still,
 * and one under test runs ahead.
 */
export async function chainTime(provider: JsonRpcApiProvider): Promise<bigint> {
  const block = await provider.getBlock("latest");
  const wall = Math.floor(Date.now() / 1000);
  return BigInt(Math.max(wall, block?.timestamp ?? 0));
}
