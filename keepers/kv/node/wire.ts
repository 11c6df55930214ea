import { hexlify } from "ethers";
import { type Bytes, base64Of } from "../../runtime/platform/bytes.ts";
import type { Announcement } from "../chain/streamEvents.ts";
import type { BatchStatus, KnownForgery, StreamStatus } from "../format/answers.ts";
import type { Living } from "../state/entry.ts";
import type { Refusal } from "../state/judge.ts";
import type { Item, Page } from "../state/streamReader.ts";
import type { ValueProof } from "../state/valueProof.ts";
import type { KnownStall } from "./replayDuty.ts";

/** What this node answers, in the form that format/answers.ts reads. */
export function streamToJson({ checkpoint, stall: stalled, ...status }: StreamStatus): object {
  return {
    ...{ id: hexlify(status.id), version: status.version, announced: status.announced },
    root: hexlify(status.root),
    ...(checkpoint && { checkpoint: { ...checkpoint, root: hexlify(checkpoint.root) } }),
    ...(stalled && {
      stall: { ...stalled, writer: hexlify(stalled.writer), objectRoot: hexlify(stalled.objectRoot) },
    }),
  };
}

export function stallOf({ version: missed, writer, objectRoot, since, looks, code, reason }: KnownStall) {
  return { version: missed, writer, objectRoot, since, looks, code, reason };
}

export function valueToJson(
  at: number,
  found: Living | undefined,
  proven?: { root: Bytes } & ValueProof,
): object {
  const { root, proof: { siblings, leaf } = { siblings: [], leaf: undefined } } = proven ?? {};
  return {
    version: at,
    ...(found && { entry: entryToJson(found) }),
    ...(root && {
      proof: {
        root: hexlify(root),
        siblings: siblings.map(hexlify),
        ...(leaf && { leaf: { keyHash: hexlify(leaf.keyHash), content: hexlify(leaf.content) } }),
      },
    }),
  };
}

export function pageToJson(at: number, { items, next }: Page): object {
  return { version: at, items: items.map(itemToJson), ...(next && { next: hexlify(next) }) };
}

export function batchToJson(
  { version: number, writer, nonce: sent, objectRoot }: Announcement,
  state: BatchStatus["state"],
  refusal?: Refusal,
): object {
  const ids = { writer: hexlify(writer), nonce: `${sent}`, objectRoot: hexlify(objectRoot) };
  return { version: number, ...ids, state, ...(refusal && { refusal }) };
}

export function forgeryToJson({
  writer,
  nonce: sent,
  objectRoot,
  relay,
  block,
  index,
}: KnownForgery): object {
  const ids = {
    writer: hexlify(writer),
    nonce: `${sent}`,
    objectRoot: hexlify(objectRoot),
    relay: hexlify(relay),
  };
  return { ...ids, block, index };
}

function entryToJson({ version: since, value: bytes }: Living) {
  return { version: since, value: base64Of(bytes) };
}

function itemToJson({ key, ...held }: Item) {
  return { key: hexlify(key), ...entryToJson(held) };
}
