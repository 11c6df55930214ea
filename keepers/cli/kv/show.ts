import type { BatchStatus, KnownForgery, StreamStatus } from "../../kv/client/kvTypes.ts";
import type { Output } from "../terminal/output.ts";
import { hexOf } from "./bytes.ts";

/** As JSON: bytes are 0x-hex. */
export function statusJson({ id, root, checkpoint, stall, ...status }: StreamStatus): object {
  const { writer, objectRoot, ...stalled } = stall ?? {};
  return {
    ...{ id: hexOf(id), ...status, root: hexOf(root) },
    ...(checkpoint && { checkpoint: { ...checkpoint, root: hexOf(checkpoint.root) } }),
    ...(writer &&
      objectRoot && { stall: { ...stalled, writer: hexOf(writer), objectRoot: hexOf(objectRoot) } }),
  };
}

export function showStatus(output: Output, status: StreamStatus): void {
  const { id, version, announced, root, checkpoint, stall } = status;
  output.line(`stream ${hexOf(id)}`);
  output.line(`version ${version} of ${announced} announced, state root ${hexOf(root)}`);
  if (checkpoint !== undefined)
    output.line(
      `newest checkpoint, to be attested: version ${checkpoint.version}, ${hexOf(checkpoint.root)}`,
    );
  if (stall === undefined) return;
  const since = new Date(stall.since).toISOString();
  output.line(
    `stands still before version ${stall.version} since ${since}: ${stall.reason} [${stall.code}], looked for ${stall.looks} times`,
  );
}

export function batchJson({ writer, objectRoot, ...batch }: BatchStatus): object {
  return { ...batch, writer: hexOf(writer), objectRoot: hexOf(objectRoot) };
}

export function showBatch(
  output: Output,
  { version, state, writer, nonce, objectRoot, refusal }: BatchStatus,
) {
  output.line(`version ${version}: ${state}${refusal ? `: ${refusal.reason} [${refusal.code}]` : ""}`);
  output.line(`writer ${hexOf(writer)}, nonce ${nonce}, object ${hexOf(objectRoot)}`);
}

export function forgeryJson({ writer, objectRoot, relay, ...forgery }: KnownForgery): object {
  return { ...forgery, writer: hexOf(writer), objectRoot: hexOf(objectRoot), relay: hexOf(relay) };
}

export function showForgeries(output: Output, forgeries: readonly KnownForgery[]): void {
  output.table(
    ["block", "said to be of", "brought by", "nonce", "object"],
    forgeries.map(({ block, writer, relay, nonce, objectRoot }) => [
      ...[String(block), hexOf(writer), hexOf(relay), String(nonce), hexOf(objectRoot)],
    ]),
  );
}
