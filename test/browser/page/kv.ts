import { resolveLogPath, streamId } from "mycelia/browser";
import type { Settings } from "../steps.ts";
import { codeOf } from "./bytes.ts";
import { type Opened, withClients, withWallet } from "./clients.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

async function write({ kv }: Opened, stream: string, key: string, value: string): Promise<number> {
  const [written] = await kv.write(stream, [{ writes: [{ key: utf8(key), value: utf8(value) }] }]);
  const { state } = await kv.settled(stream, written!.version);
  if (state !== "taken") throw new Error(`a batch that should be taken is ${state}`);
  return written!.version;
}

/** What a page does with streams. */
export const kvSteps = {
  async writeAndProve(settings: Settings, number: number) {
    return await withClients(settings, async (clients) => {
      const { kv, address } = clients;
      const stream = streamId(address, number);
      const version = await write(clients, stream, "colour", "green");
      await write(clients, stream, "size", "large");
      const keys: (string | undefined)[] = [];
      for await (const { key } of kv.items(stream)) keys.push(textOf(key));
      const page = await kv.page(stream, { prefix: utf8("s") });
      const old = await kv.get(stream, utf8("size"), { at: version });
      const unattested = await codeOf(() => kv.getProven(stream, utf8("colour"), { attesters: [address] }));
      await kv.attest(stream);
      const trust = { attesters: [address] };
      const proven = await kv.getProven(stream, utf8("colour"), trust);
      const nothing = await kv.getProven(stream, utf8("nothing"), trust);
      return {
        ...{ stream, keys, unattested, value: textOf(proven.entry?.value), attester: proven.attester },
        ...{ found: page.items.length, old: old.entry === undefined, nothing: nothing.entry === undefined },
      };
    });
  },

  async relayed(settings: Settings, number: number) {
    return await withClients(settings, async ({ kv, address }) => {
      const stream = streamId(address, number);
      const signed = await kv.sign(stream, [{ writes: [{ key: utf8("relayed"), value: utf8("yes") }] }]);
      const forged = signed.map((one) => ({ ...one, objectRoot: `0x${"11".repeat(32)}` }));
      const [refused] = await kv.relay(forged);
      const [announced] = await kv.relay(signed);
      const { state } = await kv.settled(stream, announced!.version);
      return {
        refused: refused === undefined,
        state,
        value: textOf((await kv.get(stream, utf8("relayed"))).entry?.value),
      };
    });
  },

  /** Everything that costs gas goes through a wallet. */
  async byWallet(settings: Settings, number: number) {
    return await withWallet(settings, async (clients) => {
      const stream = streamId(clients.address, number);
      await write(clients, stream, "by", "wallet");
      await clients.kv.attest(stream);
      const { entry } = await clients.kv.getProven(stream, utf8("by"), { attesters: [clients.address] });
      return textOf(entry?.value);
    });
  },

  /** @returns what a node says, and what becomes of it when it has to be proven */
  async provenBy(
    settings: Settings,
    stream: string,
    key: string,
    attester: string,
    kvNodes: readonly string[],
  ) {
    return await withClients(
      settings,
      async ({ kv }) => {
        const said = textOf((await kv.get(stream, utf8(key))).entry?.value);
        const proven = () => kv.getProven(stream, utf8(key), { attesters: [attester] });
        const code = await codeOf(proven);
        return {
          said,
          code,
          value: code === "nothing thrown" ? textOf((await proven()).entry?.value) : undefined,
        };
      },
      { kvNodes },
    );
  },

  async resolve(settings: Settings, path: string, attester: string) {
    return await withClients(settings, async ({ kv, clusters, storage }) => {
      const found = await resolveLogPath(kv, clusters, path, { trust: { attesters: [attester] } });
      const unknown = await codeOf(() => resolveLogPath(kv, clusters, "log://nobody/x/v1"));
      const { record, proven } = found;
      const root = Uint8Array.from(record.objectRoot.slice(2).match(/../g)!, (digits: string) =>
        Number.parseInt(digits, 16),
      );
      const files =
        record.kind === "directory" ? (await storage.list(root)).map(({ path: file }) => file) : [];
      return { proven, kind: record.kind, files, unknown };
    });
  },
};
