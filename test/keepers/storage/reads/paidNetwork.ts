import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEther } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { HttpClient } from "../../../../keepers/runtime/http/exchange.ts";
import { ensureCredit } from "../../../../keepers/storage/chain/credit.ts";
import { readSessionsOf } from "../../../../keepers/storage/chain/readSessions.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { StorageNetwork } from "../network.ts";

/** Nodes that send nothing for nothing but to who has bonded, and look every moment at what they can claim. */
export const PAID = {
  ...({ openReads: "nobody", creditBytesPerSigner: 0 } as const),
  readClaims: { pollMs: 100 },
};
/** Members that own all slots, and on whose parts no reader here waits. */
export const MEMBERS = 8;
export const WRITER = 20;
export const PATIENT = { hedgeMs: 30_000, graceMs: 30_000 };

/** A committee of which nobody reads for nothing, and an object that it holds. */
export class PaidNetwork {
  readonly network: StorageNetwork;
  readonly nodes: KeeperContext[];
  readonly data: Uint8Array;
  readonly objectRoot: Uint8Array;
  /** Of a segment of the object. */
  readonly commitment: Uint8Array;

  private constructor(
    network: StorageNetwork,
    nodes: KeeperContext[],
    stored: Pick<PaidNetwork, "data" | "objectRoot" | "commitment">,
  ) {
    this.network = network;
    this.nodes = nodes;
    this.data = stored.data;
    this.objectRoot = stored.objectRoot;
    this.commitment = stored.commitment;
  }

  /** @param readers accounts that get tokens */
  static async start(readers: readonly number[], bytes = 600_000): Promise<PaidNetwork> {
    const network = await StorageNetwork.start();
    const nodes = await network.startNodes(MEMBERS, PAID);
    for (const account of [WRITER, ...readers]) await network.fund(account, parseEther("1000"));
    const writer = await network.openClient(WRITER);
    await ensureCredit(writer, 64 * 1024 ** 2);
    const data = randomBytes(bytes);
    const storage = createStorageClient({ ...writer, codec: network.codec, limits: PATIENT });
    const { objectRoot, segments } = await storage.put(data);
    const [segment] = segments;
    if (segment === undefined) throw new Error("nothing was stored");
    return new PaidNetwork(network, nodes, { data, objectRoot, commitment: segment.commitment });
  }

  get sessions() {
    return readSessionsOf(this.network.chain.provider, this.network.deployment);
  }

  client(reader: KeeperContext, http: HttpClient = reader.http, readSessions: bigint[] = []): StorageClient {
    const { codec } = this.network;
    return createStorageClient({ ...reader, http, codec, limits: PATIENT, readSessions });
  }

  /** Lets the chain's time go by. @param until seconds */
  async passTo(until: bigint): Promise<void> {
    const { chain } = this.network;
    await chain.rpc("evm_setNextBlockTimestamp", `0x${until.toString(16)}`);
    await chain.rpc("anvil_mine", "0x1");
  }

  /** What a node has claimed of a session, once that is `expected` wei; the last value after a while otherwise. */
  async claimed(id: bigint, operator: string, expected: bigint): Promise<bigint> {
    let claimed = 0n;
    for (let tries = 0; tries < 300; tries++) {
      claimed = await this.sessions.claimedBy(id, operator);
      if (claimed === expected) break;
      await sleep(100);
    }
    return claimed;
  }
}

/** Counts bytes of bodies by the origin that sent them. */
export function countingByOrigin(http: HttpClient): HttpClient & { readonly received: Map<string, number> } {
  const received = new Map<string, number>();
  return {
    received,
    request: async (url, request) => {
      const answer = await http.request(url, request);
      const { origin } = new URL(url);
      received.set(origin, (received.get(origin) ?? 0) + answer.body.length);
      return answer;
    },
    close: () => http.close(),
  };
}
