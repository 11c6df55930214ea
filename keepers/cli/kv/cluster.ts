import { IClusters__factory } from "../../../typechain-types/factories/kv/interfaces/IClusters__factory.js";
import type { Cluster } from "../../kv/paths/clusters.ts";
import { contractOf } from "../../runtime/chain/deployment.ts";
import type { Output } from "../terminal/output.ts";
import { whileNoting } from "../terminal/waiting.ts";
import { type KvRequest, withKv } from "./session.ts";

const clusterCalls = IClusters__factory.createInterface();

/** Takes a free name for the stream. @throws TransactionRevertedError Clusters_Taken, Clusters_BadName */
export async function registerCluster(request: KvRequest, name: string): Promise<Cluster> {
  return await withKv(request, async ({ person, clusters, stream, signal }) => {
    const { chainId, deployment, transactions } = person;
    const streams = contractOf(deployment, "Streams").address;
    const data = clusterCalls.encodeFunctionData("register", [name, chainId, streams, stream]);
    const to = contractOf(deployment, "Clusters").address;
    const sending = transactions.send({ key: `kv/cluster/${name}/${stream}`, to, data }, signal);
    await whileNoting(request.output, "registering", sending);
    return await clusters.find(name);
  });
}

/** Where a name leads. */
export function showOne(output: Output, { name, owner, chainId, streams, stream }: Cluster): void {
  output.line(`${name} leads to stream ${stream}`);
  output.line(`on chain ${chainId}, in ${streams}; held by ${owner}`);
}

export async function showCluster(request: KvRequest, name: string): Promise<Cluster> {
  return await withKv(request, async ({ clusters }) => await clusters.find(name));
}
