import { hexlify } from "ethers";
import type { BatchStatus, KnownForgery, StreamStatus } from "../../kv/client/kvTypes.ts";
import type { Output } from "../terminal/output.ts";

/** As JSON: bytes are 0x-hex. */
export function statusJson({ id, root, checkpoint, stall, ...status }: StreamStatus): object {
  const { writer, objectRoot, ...stalled } = stall ?? {};
  return {
    ...{ id: hexlify(id), ...status, root: hexlify(root) },
    ...(checkpoint && { checkpoint: { ...checkpoint, root: hexlify(checkpoint.root) } }),
    ...(writer &&
      objectRoot && { stall: { ...stalled, writer: hexlify(writer), objectRoot: hexlify(objectRoot) } }),
  };
}

export function showStatus(output: Output, status: StreamStatus): void {
  const { id, version, announced, root, checkpoint, stall } = status;
  output.line(`stream ${hexlify(id)}`);
  output.line(`version ${version} of ${announced} announced, state root ${hexlify(root)}`);
  if (checkpoint !== undefined)
    output.line(
      `newest checkpoint, to be attested: version ${checkpoint.version}, ${hexlify(checkpoint.root)}`,
    );
  if (stall === undefined) return;
  const since = new Date(stall.since).toISOString();
  output.line(
    `stands still before version ${stall.version} since ${since}: ${stall.reason} [${stall.code}], looked for ${stall.looks} times`,
  );
}

export function batchJson({ writer, objectRoot, ...batch }: BatchStatus): object {
  return { ...batch, writer: hexlify(writer), objectRoot: hexlify(objectRoot) };
}

export function showBatch(
  output: Output,
  { version, state, writer, nonce, objectRoot, refusal }: BatchStatus,
) {
  output.line(`version ${version}: ${state}${refusal ? `: ${refusal.reason} [${refusal.code}]` : ""}`);
  output.line(`writer ${hexlify(writer)}, nonce ${nonce}, object ${hexlify(objectRoot)}`);
}

export function forgeryJson({ writer, objectRoot, relay, ...forgery }: KnownForgery): object {
  return { ...forgery, writer: hexlify(writer), objectRoot: hexlify(objectRoot), relay: hexlify(relay) };
}

export function showForgeries(output: Output, forgeries: readonly KnownForgery[]): void {
  output.table(
    ["block", "said to be of", "brought by", "nonce", "object"],
    forgeries.map(({ block, writer, relay, nonce, objectRoot }) => [
      ...[String(block), hexlify(writer), hexlify(relay), String(nonce), hexlify(objectRoot)],
    ]),
  );
}
