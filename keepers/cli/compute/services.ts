import { decodeBytes32String, formatEther } from "ethers";
import { connectCompute } from "../../compute/contracts.ts";
import { tierName } from "../../compute/states.ts";
import { readDeployment } from "../../runtime/chain/deploymentFile.ts";
import { createProvider } from "../../runtime/chain/provider.ts";
import { requireNetwork } from "../devnet/state.ts";

export interface ServiceView {
  readonly id: string;
  readonly model: string;
  readonly format: string;
  readonly tier: string;
  /** MYC a unit. */
  readonly unitPrice: string;
  /** MYC of budgets that the operator can still admit. */
  readonly freeCapacity: string;
  readonly operator: string;
  readonly endpoint: string;
}

/** Every listed service, cheapest first. */
export async function listServices(dataDir: string): Promise<ServiceView[]> {
  const state = requireNetwork(dataDir);
  const provider = await createProvider(state.rpcUrl);
  try {
    const { services, models } = connectCompute(provider, await readDeployment(state.deployment));
    const count = Number(await services.count());
    const views: (ServiceView & { price: bigint })[] = [];
    for (let id = 1; id <= count; id += 1) {
      const { listed, modelId, tier, tick, operator, endpoint } = await services.get(id);
      if (!listed) continue;
      const [price, capacity, [model]] = await Promise.all([
        services.priceAt(tick),
        services.freeCapacity(operator),
        models.get(modelId),
      ]);
      views.push({
        id: String(id),
        model: modelId,
        format: decodeBytes32String(model.format),
        tier: tierName(Number(tier)),
        unitPrice: formatEther(price),
        freeCapacity: formatEther(capacity),
        operator,
        endpoint,
        price,
      });
    }
    return views.sort((a, b) => (a.price < b.price ? -1 : 1)).map(({ price: _, ...view }) => view);
  } finally {
    provider.destroy();
  }
}
