import { hexlify, ZeroAddress } from "ethers";
import { IClusters__factory } from "../../../typechain-types/factories/kv/interfaces/IClusters__factory.js";
import type { Cluster, Clusters } from "../../kv/paths/clusters.ts";
import { contractOf } from "../../runtime/chain/deployment.ts";
import type { Output } from "../terminal/output.ts";
import { whileNoting } from "../terminal/waiting.ts";
import { parseAccount } from "./bytes.ts";
import { type KvRequest, withKv } from "./session.ts";

/** A name, and to whom it is offered. */
export interface ShownCluster extends Cluster {
  /** Undefined when to nobody. */
  readonly offeredTo?: string;
}

/** What can be done about a name. */
export type ClusterOrder =
  | { readonly verb: "register" | "retarget" | "accept" }
  /** To nobody when absent. */
  | { readonly verb: "offer"; readonly to?: string };

const clusterCalls = IClusters__factory.createInterface();

/**
 * Takes a free name for the stream, points one's own to it, offers one's own to another, or takes one that was offered.
 * @throws TransactionRevertedError Clusters_Taken, Clusters_BadName, Clusters_NotOwner, Clusters_NotOffered
 */
export async function changeCluster(
  request: KvRequest,
  name: string,
  order: ClusterOrder,
): Promise<ShownCluster> {
  return await withKv(request, async ({ person, clusters, stream, signal }) => {
    const { chainId, deployment, transactions, provider } = person;
    const target: Target = [chainId, contractOf(deployment, "Streams").address, stream];
    const data = callOf(order, name, target);
    const to = contractOf(deployment, "Clusters").address;
    // What was done once may be wanted again after something else.
    const key = `kv/cluster/${data}/${await provider.getBlockNumber()}`;
    await whileNoting(request.output, order.verb, transactions.send({ key, to, data }, signal));
    return await shownBy(clusters, name);
  });
}

/** Where a name leads. */
export function showOne(output: Output, shown: ShownCluster): void {
  const { name, owner, chainId, streams, stream, offeredTo } = shown;
  output.line(`${name} leads to stream ${stream}`);
  output.line(`on chain ${chainId}, in ${streams}; held by ${owner}`);
  if (offeredTo !== undefined) output.line(`offered to ${offeredTo}`);
}

export async function showCluster(request: KvRequest, name: string): Promise<ShownCluster> {
  return await withKv(request, async ({ clusters }) => await shownBy(clusters, name));
}

type Target = readonly [chainId: number, streams: string, stream: string];

function callOf(order: ClusterOrder, name: string, target: Target): string {
  switch (order.verb) {
    case "register":
      return clusterCalls.encodeFunctionData("register", [name, ...target]);
    case "retarget":
      return clusterCalls.encodeFunctionData("retarget", [name, ...target]);
    case "offer":
      return clusterCalls.encodeFunctionData("offer", [name, accountOf(order.to)]);
    case "accept":
      return clusterCalls.encodeFunctionData("accept", [name]);
  }
}

/** @throws UsageError */
function accountOf(text: string | undefined): string {
  return text === undefined ? ZeroAddress : hexlify(parseAccount(text));
}

async function shownBy(clusters: Clusters, name: string): Promise<ShownCluster> {
  const [found, offeredTo] = [await clusters.find(name), await clusters.offeredTo(name)];
  return { ...found, ...(offeredTo !== undefined && { offeredTo }) };
}
