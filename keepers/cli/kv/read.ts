import { hexlify } from "ethers";
import type { BatchStatus, KnownForgery, StreamStatus } from "../../kv/client/kvTypes.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { cellOf, lineOf, linesOf, parseAccount, parseKey } from "./bytes.ts";
import { type KvRequest, withKv } from "./session.ts";

export interface GetRequest extends KvRequest {
  /** Key of the stream, as the command line has it. */
  readonly wanted: string;
  /** Version of the stream that is read. */
  readonly at?: number;
  /** Accounts whose attested state roots are believed; without one a node's word is. */
  readonly attesters: readonly string[];
  /** Refuses to take a node's word. */
  readonly needsTrust: boolean;
}

/** What a key holds, for people and machines. */
export interface ShownItem {
  /** 0x-hex. */
  readonly key: string;
  /** The key, where it is printable text. */
  readonly keyText?: string;
  /** Version that has written it. */
  readonly version: number;
  /** Base64. */
  readonly value: string;
  /** The value, where it is printable text. */
  readonly text?: string;
}

export interface ShownValue {
  readonly stream: string;
  /** Version of the stream that was read. */
  readonly streamVersion: number;
  readonly proven: boolean;
  readonly attester?: string;
  readonly found: boolean;
  readonly item?: ShownItem;
}

export async function getValue(request: GetRequest): Promise<ShownValue> {
  const key = parseKey(request.wanted, request.hex);
  const { at, attesters, needsTrust } = request;
  if (needsTrust) throw new UsageError("--proof needs --attester: whose state roots are believed?");
  if (at !== undefined && attesters.length > 0)
    throw new UsageError("--at can't be proven: proofs are of the version that was attested");
  const trust = { attesters: attesters.map((one) => hexlify(parseAccount(one))) };
  return await withKv(request, async ({ kv, stream, signal }) => {
    const proven = attesters.length > 0;
    const read = proven
      ? await kv.getProven(stream, key, trust, { signal })
      : await kv.get(stream, key, { signal, ...(at !== undefined && { at }) });
    const { version: streamVersion, entry } = read;
    const attester = "attester" in read ? { attester: read.attester } : {};
    const item = entry && { item: shown({ key, ...entry }) };
    return { stream, streamVersion, proven, ...attester, found: entry !== undefined, ...item };
  });
}

export interface ListRequest extends KvRequest {
  readonly prefix: string;
  readonly at?: number;
  readonly reverse: boolean;
  readonly limit: number;
}

export interface ShownPage {
  readonly stream: string;
  readonly streamVersion: number;
  readonly items: readonly ShownItem[];
  /** Whether there are keys behind the last. */
  readonly more: boolean;
}

/** Keys under a prefix, in order, all at one version. */
export async function listKeys(request: ListRequest): Promise<ShownPage> {
  const { at, reverse, limit } = request;
  const prefix = parseKey(request.hex && request.prefix === "" ? "0x" : request.prefix, request.hex);
  return await withKv(request, async ({ kv, stream, signal }) => {
    const options = { signal, prefix, reverse };
    let page = await kv.page(stream, {
      ...options,
      limit: Math.min(limit, MAX_PAGE),
      ...(at !== undefined && { at }),
    });
    const { version } = page;
    const items = [...page.items];
    while (page.next !== undefined && items.length < limit) {
      const left = Math.min(limit - items.length, MAX_PAGE);
      page = await kv.page(stream, { ...options, at: version, from: page.next, limit: left });
      items.push(...page.items);
    }
    return { stream, streamVersion: version, items: items.map(shown), more: page.next !== undefined };
  });
}

/** Most items that a node gives at once. */
const MAX_PAGE = 1_000;

export async function streamStatus(request: KvRequest): Promise<StreamStatus> {
  return await withKv(request, ({ kv, stream, signal }) => kv.status(stream, { signal }));
}

export async function batchStatus(request: KvRequest, version: number): Promise<BatchStatus> {
  return await withKv(request, ({ kv, stream, signal }) => kv.batch(stream, version, { signal }));
}

export async function listForgeries(request: KvRequest): Promise<KnownForgery[]> {
  return await withKv(request, ({ kv, stream, signal }) => kv.forgeries(stream, { signal }));
}

export function showValue(
  output: Output,
  { found, item, proven, attester, streamVersion }: ShownValue,
): void {
  if (item !== undefined) output.line(item.text ?? `0x${Buffer.from(item.value, "base64").toString("hex")}`);
  const what = found ? `written by version ${item?.version}` : "holds nothing";
  const by = proven ? `proven, as ${attester} attests` : "as the node says";
  output.note(`${what}; at version ${streamVersion}, ${by}`);
}

export function showPage(output: Output, { items, streamVersion, more }: ShownPage): void {
  output.table(
    ["key", "version", "value"],
    items.map(({ key, keyText, version, value }) => [
      ...[keyText ?? key, String(version), cellOf(Buffer.from(value, "base64"))],
    ]),
  );
  output.note(`at version ${streamVersion}${more ? "; there are more, see --limit" : ""}`);
}

function shown({
  key,
  version,
  value,
}: {
  readonly key: Buffer;
  readonly version: number;
  readonly value: Buffer;
}): ShownItem {
  const [keyText, text] = [lineOf(key), linesOf(value)];
  return {
    ...{ key: hexlify(key), ...(keyText !== undefined && { keyText }), version },
    ...{ value: value.toString("base64"), ...(text !== undefined && { text }) },
  };
}
