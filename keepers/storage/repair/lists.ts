import { FatalError, RetryableError } from "../../runtime/errors.ts";
import type { Batch } from "../chain/batches.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { isNotFound } from "../client/readingLedger.ts";
import type { BatchIndex } from "../disk/batchIndex.ts";
import { type BatchLayout, type BatchSegment, layOut } from "../format/batch.ts";
import { nameOf } from "../format/names.ts";
import { type AskingParts, noteFailure } from "./parts.ts";

/**
 * What is in a batch: from own disk, else from the first member that hands out a list with the root on chain, which is then kept.
 * @throws RetryableError storage/no-list when nobody has it now
 */
export async function findList(
  parts: AskingParts & { readonly lists: BatchIndex },
  members: readonly CommitteeMember[],
  batch: Batch,
  signal: AbortSignal,
): Promise<BatchLayout> {
  const known = await parts.lists.layout(batch.root);
  if (known !== undefined) return known;
  for (const member of members.filter((one) => parts.book.isUsable(one))) {
    try {
      const list = await parts.peers.batch(member, batch.root, signal);
      const layout = checked(list, batch);
      await parts.lists.put(list);
      return layout;
    } catch (error) {
      signal.throwIfAborted();
      if (!isNotFound(error)) noteFailure(parts, member, batch.root, error);
    }
  }
  throw new RetryableError("storage/no-list", `no member says now what is in batch ${batch.id}`, {
    id: batch.id.toString(),
  });
}

function checked(list: readonly BatchSegment[], { id, root, segments, units }: Batch): BatchLayout {
  const layout = layOut(list);
  if (nameOf(layout.root) === root && list.length === segments && layout.units === units) return layout;
  throw new FatalError("storage/wrong-batch", `the list does not have the root of batch ${id}`, { root });
}
