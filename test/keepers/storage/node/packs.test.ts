import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { chooseShape } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { MAX_LOCATIONS, parseLocations } from "../../../../keepers/storage/format/locations.ts";
import { type Pack, PackBuilder, packTableBytes } from "../../../../keepers/storage/format/pack.ts";
import { encodeTableStrips, MAX_TABLE_STRIPS_BYTES } from "../../../../keepers/storage/format/packStrips.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import {
  STRIP_HEADER_BYTES,
  stripBytes,
  stripOf,
  writeStrip,
} from "../../../../keepers/storage/format/stripFormat.ts";
import { codeOf } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { memberOf, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const STRANGER = 21;

describe("storage: packs on a node", () => {
  let network: StorageNetwork;
  let setup: NodeSetup;
  let node: KeeperContext;
  let member: CommitteeMember;
  let api: MemberApi;
  let stranger: MemberApi;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    for (const index of [1, 2]) await network.fund(index);
    setup = await network.setup(1);
    node = await network.startNode(setup);
    await network.startNode(await network.setup(2));
    member = await memberOf(node);
    api = createMemberApi({ ...(await network.openClient(CLIENT)), timeoutMs: 10_000 });
    stranger = createMemberApi({ ...(await network.openClient(STRANGER)), timeoutMs: 10_000 });
  });

  after(() => network.stop());

  const packOf = (...objects: readonly Uint8Array[]) => {
    const builder = new PackBuilder();
    for (const bytes of objects) builder.add({ kind: "object", bytes });
    return builder.build();
  };

  /** Stores a pack as a segment; `table` is what proves its table. */
  const store = async ({ bytes, entries }: Pack) => {
    const shape = chooseShape(bytes.length, 2, { maxRowSize: 1024, parityPerOriginal: 1 });
    const segment = await network.codec.encode(bytes, shape);
    const body = encodeUpload(segment, stripsFor(member, segment.commitment));
    await api.putSegment(member, segment.commitment, body, signal);
    const table = encodeTableStrips(segment, packTableBytes(entries.length));
    segment.release();
    return { commitment: segment.commitment, shape, table };
  };

  it("says where an object lies, also after a restart, and takes a table twice", async () => {
    const pack = packOf(randomBytes(10), randomBytes(5_000), randomBytes(1));
    const { commitment, shape, table } = await store(pack);
    for (const { name } of pack.entries)
      expect(await refusalOf(api.locations(member, name, signal))).to.equal("404 storage/not-found");
    await api.putPack(member, commitment, table, signal);
    await api.putPack(member, commitment, table, signal);
    const check = async () => {
      for (const { name, kind, offset, length } of pack.entries) {
        expect(await api.locations(member, name, signal)).to.deep.equal([
          { commitment: Uint8Array.from(commitment), shape, kind, offset, length },
        ]);
      }
    };
    await check();
    await node.closers.closeAll();
    node = await network.startNode(setup);
    await check();
  });

  it("takes a table from whoever proves it, and nothing else", async () => {
    const pack = packOf(randomBytes(3_000));
    const refusal = (commitment: Uint8Array, table: Uint8Array) =>
      refusalOf(stranger.putPack(member, commitment, table, signal));
    const { commitment, shape, table } = await store(pack);
    const other = await store(packOf(randomBytes(3_000)));
    const each = stripBytes(shape);
    const changed = Uint8Array.from(table);
    changed[STRIP_HEADER_BYTES + 40]! ^= 1;
    expect(await refusal(randomBytes(32), table)).to.equal("404 storage/not-found");
    expect(await refusal(commitment, changed)).to.equal("400 storage/wrong-row-root");
    expect(await refusal(commitment, other.table)).to.equal("400 storage/wrong-row-root");
    expect(await refusal(commitment, table.subarray(1))).to.equal("400 storage/bad-strips");
    expect(await refusal(commitment, new Uint8Array(0))).to.equal("400 storage/bad-pack");
    const beside = await network.codec.encode(pack.bytes, shape);
    const later = Buffer.alloc(each);
    writeStrip(stripOf(beside, 1), later, 0);
    beside.release();
    expect(await refusal(commitment, later)).to.equal("400 storage/bad-pack");
    expect(await refusal(commitment, new Uint8Array(MAX_TABLE_STRIPS_BYTES + 1))).to.match(/^413 /);
    const { name } = pack.entries[0]!;
    expect(await refusalOf(api.locations(member, name, signal))).to.equal("404 storage/not-found");
    await stranger.putPack(member, commitment, table, signal);
    expect(await api.locations(member, name, signal)).to.have.length(1);
  });

  it("takes no table out of a segment that is no pack, or that says more than it holds", async () => {
    const { bytes, entries } = packOf(randomBytes(3_000));
    const refusal = async (segment: Uint8Array) => {
      const { commitment, table } = await store({ bytes: segment, entries });
      return await refusalOf(api.putPack(member, commitment, table, signal));
    };
    expect(await refusal(randomBytes(3_000))).to.equal("400 storage/bad-pack");
    // The entry says 200,000 bytes: more than the segment has.
    const boastful = Buffer.from(bytes);
    boastful.writeUInt32BE(200_000, 8 + 32 + 5);
    expect(await refusal(boastful)).to.equal("400 storage/bad-pack");
    expect(await refusal(bytes)).to.equal("none");
  });

  it("names every place of an object page by page, so that no lie hides the truth", async () => {
    const wanted = randomBytes(7);
    const commitments = new Set<string>();
    for (let number = 0; number < MAX_LOCATIONS + 3; number++) {
      const pack = packOf(wanted, randomBytes(20));
      const { commitment, table } = await store(pack);
      await api.putPack(member, commitment, table, signal);
      commitments.add(Buffer.from(commitment).toString("hex"));
    }
    const { name } = packOf(wanted).entries[0]!;
    const first = await api.locations(member, name, signal);
    expect(first).to.have.length(MAX_LOCATIONS);
    const second = await api.locations(member, name, signal, first.at(-1)!.commitment);
    const found = [...first, ...second].map(({ commitment }) => Buffer.from(commitment).toString("hex"));
    expect(new Set(found)).to.deep.equal(commitments);
    expect(found).to.deep.equal([...found].sort());
  });

  it("reads no location that lies outside its segment or is not one", () => {
    const sound = {
      ...{ commitment: "ab".repeat(32), k: 128, n: 128, rowSize: 64 },
      ...{ kind: "object", offset: 0, length: 8_192 },
    };
    const parse = (value: unknown) => codeOf(() => parseLocations(Buffer.from(JSON.stringify(value))));
    expect(parse([sound])).to.equal("");
    for (const change of [
      { length: 8_193 },
      { offset: 1 },
      { length: 0 },
      { k: 100 },
      { kind: "x" },
      { a: 1 },
    ])
      expect(parse([{ ...sound, ...change }]), JSON.stringify(change)).to.equal("storage/bad-location");
    expect(parse(new Array(MAX_LOCATIONS + 1).fill(sound))).to.equal("storage/bad-location");
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(codeOf(() => parseLocations(Buffer.from(text)))).to.be.oneOf(["", "storage/bad-location"]);
      }),
    );
  });
});
