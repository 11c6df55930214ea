import { join } from "node:path";
import type { KeeperContext } from "../../runtime/context.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { BucketSettings } from "../bucket/settings.ts";
import { contractAddress } from "../chain/committeeView.ts";
import { RowDirectory } from "../disk/rowDirectory.ts";
import type { RowPlace } from "../disk/rowFiles.ts";
import { createBucketMetrics } from "./metrics.ts";

export interface RowPlaceOptions {
  readonly maxFileBytes: number;
  readonly reserveBytes: number;
  /** Where rows lie when not in the data directory. */
  readonly bucket?: BucketSettings | undefined;
}

/** Where a node keeps its rows. @throws what `BucketPlace.open` throws */
export async function openRowPlace(
  context: KeeperContext,
  store: Store,
  { bucket: settings, maxFileBytes, reserveBytes }: RowPlaceOptions,
  onFlush: (seconds: number) => void,
): Promise<RowPlace> {
  const { dataDir, deployment, transactions, logger, metrics, server, signal } = context;
  if (settings === undefined)
    return new RowDirectory(join(dataDir, "rows"), { maxFileBytes, reserveBytes, onFlush });
  const { BucketPlace } = await import("../bucket/bucketPlace.ts");
  let trouble: string | undefined;
  server.probes.addReadiness("rows", async () => trouble ?? true);
  return await BucketPlace.open({
    ...{ settings, store, signal, onFlush },
    owner: {
      deployment: `${context.chainId}/${contractAddress(deployment, "StorageLog").toLowerCase()}`,
      operator: transactions.address.toLowerCase(),
    },
    onRequest: createBucketMetrics(metrics),
    onTaken(error) {
      trouble = error.message;
      logger.error({ err: error }, "no more rows are taken");
    },
    onWait: (milliseconds) =>
      logger.warn(
        { milliseconds },
        "the rows in the bucket are another instance's of this node; waiting for its silence",
      ),
  });
}
