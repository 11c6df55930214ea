import { formatEther } from "ethers";
import { readDeployment } from "../../runtime/chain/deploymentFile.ts";
import { createProvider } from "../../runtime/chain/provider.ts";
import { type StorageOverview, storageOverview } from "../../storage/chain/overview.ts";
import { requireNetwork } from "../devnet/state.ts";
import type { Output } from "../terminal/output.ts";
import { formatBytes } from "../terminal/progress.ts";

/** What the chain of this data directory says of storage. */
export async function readOverview(dataDir: string): Promise<StorageOverview> {
  const state = requireNetwork(dataDir);
  const provider = await createProvider(state.rpcUrl);
  try {
    return await storageOverview(provider, await readDeployment(state.deployment));
  } finally {
    provider.destroy();
  }
}

export function showOverview(output: Output, overview: StorageOverview): void {
  const { epoch, committees, batches, leaseMonthPerGiB, foreverPerGiB, endowment } = overview;
  output.table(
    ["committee", "seat", "slots of 256", "operator", "endpoint"],
    committees.flatMap(({ committee, members }) =>
      members.map(({ seat, slots, operator, endpoint }) => [
        ...[committee, seat, slots].map(String),
        operator,
        endpoint,
      ]),
    ),
  );
  for (const { committee, ownedSlots, auditedBytes } of committees)
    output.line(
      `committee ${committee}: ${ownedSlots} of 256 slots owned, ${formatBytes(Number(auditedBytes))} audited in epoch ${epoch}`,
    );
  output.line(`${batches} batches in the log; ${formatEther(endowment)} MYC held for those who prove them`);
  output.line(
    `price of a coded GiB (half a GiB of yours): ${formatEther(leaseMonthPerGiB)} MYC a month, ${formatEther(foreverPerGiB)} MYC for ever`,
  );
}
