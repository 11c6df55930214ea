import { getAddress, isCallException, type JsonRpcApiProvider, ZeroAddress } from "ethers";
import { IClusters__factory } from "../../../typechain-types/factories/kv/interfaces/IClusters__factory.js";
import { contractOf, type Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError } from "../../runtime/errors.ts";

export interface ClustersNeeds {
  readonly provider: JsonRpcApiProvider;
  readonly chainId: number;
  readonly deployment: Deployment;
}

/** Where a name leads. */
export interface Cluster {
  readonly name: string;
  readonly owner: string;
  readonly chainId: number;
  /** Contract that orders the stream's batches. */
  readonly streams: string;
  /** 0x-hex, 32 bytes. */
  readonly stream: string;
}

/** Names of streams, as the chain has them. */
export interface Clusters {
  /** Where a name leads, be it here or elsewhere. @throws FatalError kv/unknown-cluster */
  find(name: string): Promise<Cluster>;
  /** The stream that a name leads to. @throws FatalError kv/unknown-cluster; kv/other-chain when it is not one of this deployment */
  streamOf(name: string): Promise<string>;
  /** Who may take a name over from its holder; undefined when nobody may. */
  offeredTo(name: string): Promise<string | undefined>;
}

export function openClusters({ provider, chainId, deployment }: ClustersNeeds): Clusters {
  const contract = IClusters__factory.connect(contractOf(deployment, "Clusters").address, provider);
  const ours = getAddress(contractOf(deployment, "Streams").address);
  const find = async (name: string): Promise<Cluster> => {
    try {
      const found = await contract.get(name);
      const { owner, streams, stream } = found;
      return { name, owner, chainId: Number(found.chainId), streams, stream };
    } catch (error) {
      if (!isCallException(error) || error.revert?.name !== "Clusters_Unknown") throw error;
      throw new FatalError("kv/unknown-cluster", `nobody has registered the cluster ${name}`, { name });
    }
  };
  return {
    find,
    async streamOf(name) {
      const { chainId: other, streams, stream } = await find(name);
      if (other === chainId && getAddress(streams) === ours) return stream;
      throw new FatalError(
        "kv/other-chain",
        `the cluster ${name} lies on chain ${other}, in the contract ${streams}; this is chain ${chainId}, ${ours}`,
        { name, chainId: other, streams },
      );
    },
    async offeredTo(name) {
      const account = await contract.offeredTo(name);
      return account === ZeroAddress ? undefined : account;
    },
  };
}
