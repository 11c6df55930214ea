import { openCodec } from "../../coding/openCodec.ts";
import { createKvClient, type KvClient, streamId } from "../../kv/client.ts";
import { streamIdOf } from "../../kv/format/streamId.ts";
import { type Clusters, openClusters } from "../../kv/paths/clusters.ts";
import { createStorageClient } from "../../storage/client.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type Person, type PersonChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { withPerson } from "../withPerson.ts";

/** What every verb of `mycelia kv` is given besides its own arguments. */
export interface KvRequest extends PersonChoice {
  readonly dataDir: string;
  readonly output: Output;
  /** 0x-hex; stream 0 of the key that acts when absent. */
  readonly stream?: string;
  /** URLs of KV nodes; those of this machine's network when none is named. */
  readonly nodes: readonly string[];
  /** Whether keys of the command line are 0x-hex. */
  readonly hex: boolean;
}

/** Somebody who reads and writes streams from a terminal. */
export interface KvSession {
  readonly person: Person;
  readonly kv: KvClient;
  readonly clusters: Clusters;
  /** Stream that the command is about, 0x-hex. */
  readonly stream: string;
  readonly signal: AbortSignal;
}

/** Works as a person with a client of streams, and closes everything. @throws FatalError kv/bad-stream */
export async function withKv<T>(request: KvRequest, work: (session: KvSession) => Promise<T>): Promise<T> {
  const { dataDir, stream } = request;
  const named = stream === undefined ? undefined : `0x${streamIdOf(stream).toString("hex")}`;
  const nodes = nodesOf(request);
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await openCodec(person, { threads: 0 });
      const storage = createStorageClient({ ...person, codec });
      const kv = createKvClient({ ...person, storage, nodes });
      const own = named ?? streamId(person.signer.address);
      return await work({ person, kv, clusters: openClusters(person), stream: own, signal });
    },
  );
}

/** Id of a stream of the key that acts, by the number that the key gives it. */
export async function ownStream(request: KvRequest, number: number): Promise<string> {
  const { dataDir } = request;
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async ({ signer }) => streamId(signer.address, number),
  );
}

function nodesOf({ dataDir, nodes }: KvRequest): readonly string[] {
  if (nodes.length > 0) return nodes;
  return requireNetwork(dataDir)
    .processes.filter(({ role }) => role === "kv")
    .map(({ url }) => url);
}
