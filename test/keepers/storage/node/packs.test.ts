import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { chooseShape } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { MAX_LOCATIONS, parseLocations } from "../../../../keepers/storage/format/locations.ts";
import {
  MAX_PACK_TABLE_BYTES,
  PackBuilder,
  packTableBytes,
} from "../../../../keepers/storage/format/pack.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
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
    const pack = builder.build();
    return { ...pack, table: pack.bytes.subarray(0, packTableBytes(pack.entries.length)) };
  };

  const store = async (data: Uint8Array) => {
    const shape = chooseShape(data.length, 2, { maxRowSize: 1024, parityPerOriginal: 1 });
    const segment = await network.codec.encode(data, shape);
    const body = encodeUpload(segment, stripsFor(member, segment.commitment));
    await api.putSegment(member, segment.commitment, body, signal);
    segment.release();
    return { commitment: segment.commitment, shape };
  };

  it("says where an object lies, also after a restart, and takes a table twice", async () => {
    const pack = packOf(randomBytes(10), randomBytes(5_000), randomBytes(1));
    const { commitment, shape } = await store(pack.bytes);
    for (const { name } of pack.entries)
      expect(await refusalOf(api.locations(member, name, signal))).to.equal("404 storage/not-found");
    await api.putPack(member, commitment, pack.table, signal);
    await api.putPack(member, commitment, pack.table, signal);
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

  it("lets the uploader alone speak for a segment that is held, and only of what fits in", async () => {
    const pack = packOf(randomBytes(3_000));
    const refusal = (by: MemberApi, commitment: Uint8Array, table: Uint8Array) =>
      refusalOf(by.putPack(member, commitment, table, signal));
    expect(await refusal(api, randomBytes(32), pack.table)).to.equal("404 storage/not-found");
    const { commitment } = await store(pack.bytes);
    expect(await refusal(stranger, commitment, pack.table)).to.equal("403 storage/not-my-segment");
    expect(await refusal(api, commitment, pack.bytes)).to.equal("400 storage/bad-pack");
    expect(await refusal(api, commitment, randomBytes(100))).to.equal("400 storage/bad-pack");
    expect(await refusal(api, commitment, new Uint8Array(MAX_PACK_TABLE_BYTES + 1))).to.match(/^413 /);
    const longer = packOf(randomBytes(100_000));
    expect(await refusal(api, commitment, longer.table)).to.equal("400 storage/bad-pack");
    const { name } = pack.entries[0]!;
    expect(await refusalOf(api.locations(member, name, signal))).to.equal("404 storage/not-found");
  });

  it("names every place of an object page by page, so that no lie hides the truth", async () => {
    const wanted = randomBytes(7);
    const commitments = new Set<string>();
    for (let number = 0; number < MAX_LOCATIONS + 3; number++) {
      const pack = packOf(wanted, randomBytes(20));
      const { commitment } = await store(pack.bytes);
      await api.putPack(member, commitment, pack.table, signal);
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
