import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { createCommitteeBook } from "../../../keepers/storage/chain/committeeBook.ts";
import { createMemberApi } from "../../../keepers/storage/client/memberApi.ts";
import { SegmentUpload } from "../../../keepers/storage/client/segmentUpload.ts";
import { type Pack, PackBuilder, type PackItem } from "../../../keepers/storage/format/pack.ts";
import type { StorageNetwork } from "./network.ts";

/** Stores one item in a pack of its own, whatever it says; its name. */
export async function storePacked(
  network: StorageNetwork,
  client: KeeperContext,
  item: PackItem,
): Promise<Uint8Array> {
  const builder = new PackBuilder();
  const name = builder.add(item)!;
  await storePack(network, client, builder.build());
  return name;
}

/** Stores a pack as it is, true or not. */
export async function storePack(network: StorageNetwork, client: KeeperContext, pack: Pack): Promise<void> {
  const upload = new SegmentUpload({
    codec: network.codec,
    api: createMemberApi({ ...client, timeoutMs: 10_000 }),
    limits: { requestMs: 10_000, hedgeMs: 30_000, graceMs: 30_000, segmentsInFlight: 1, attempts: 3 },
    committees: createCommitteeBook(client.provider, client.deployment),
    scope: { chainId: client.chainId, committee: network.address("Committees") },
  });
  await upload.storePack(pack, new AbortController().signal);
}
