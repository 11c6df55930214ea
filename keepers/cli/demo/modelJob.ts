import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeBytes32String, hexlify } from "ethers";
import { IModels__factory } from "../../../typechain-types/factories/compute/interfaces/IModels__factory.js";
import type { Codec } from "../../coding/codec.ts";
import { EXACT_ENGINE } from "../../compute/engine/onnxEngine.ts";
import { contractOf } from "../../runtime/chain/deployment.ts";
import type { PutResult } from "../../storage/client/clientTypes.ts";
import { createStorageClient } from "../../storage/client.ts";
import { packageRoot } from "../paths.ts";
import type { Person } from "../person.ts";

const exactTier = 1 << 0;

export interface PublishedModel {
  readonly modelId: string;
  readonly put: PutResult;
}

/** Stores the digits model over the committee, publishes it in the log, and registers it for the exact tier. */
export async function publishDigits(
  author: Person,
  codec: Codec,
  signal: AbortSignal,
): Promise<PublishedModel> {
  const bytes = readFileSync(join(packageRoot, "examples", "digits", "digits.onnx"));
  const storage = createStorageClient({ ...author, codec });
  const put = await storage.put(bytes, { signal });
  await storage.publish([put], { signal });
  const model = {
    storageRoot: hexlify(put.objectRoot),
    contentHash: `0x${createHash("sha256").update(bytes).digest("hex")}`,
    format: encodeBytes32String("onnx"),
    engine: encodeBytes32String(EXACT_ENGINE),
    tiers: exactTier,
  };
  const to = contractOf(author.deployment, "Models").address;
  const models = IModels__factory.connect(to, author.provider);
  const modelId = await models.idOf(model);
  if (!(await models.allows(modelId, 0))) {
    const data = models.interface.encodeFunctionData("publish", [model]);
    await author.transactions.send({ key: `models/publish/${modelId}`, to, data }, signal);
  }
  return { modelId, put };
}
