import { getBytes } from "ethers";
import { openCodec } from "../../coding/openCodec.ts";
import type { ModelLoader } from "../../compute/modelShelf.ts";
import type { KeeperContext } from "../../runtime/context.ts";
import { createStorageClient } from "../../storage/client.ts";

/** Largest model that a keeper loads whole, bytes. */
const maxModelBytes = 1024 ** 3;

/** Fetches models out of the storage nodes, every row checked. */
export async function storageLoader(context: KeeperContext): Promise<ModelLoader> {
  const codec = await openCodec(context);
  const storage = createStorageClient({ ...context, codec });
  return async (root, signal) => {
    const object = await storage.get(getBytes(root), { signal });
    const bytes = await object.bytes(maxModelBytes);
    const { rebuilt, blamed, failures } = object.report;
    context.logger.info(
      { root, size: object.size, rebuilt, blamed, unreachable: failures.length },
      "model read",
    );
    return bytes;
  };
}
