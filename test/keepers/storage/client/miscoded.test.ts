import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { chooseShape, type EncodedSegment } from "../../../../keepers/coding/codec.ts";
import { Combiner } from "../../../../keepers/coding/combiner.ts";
import { createField } from "../../../../keepers/coding/field.ts";
import { merklePath, merkleTree, nodeOf } from "../../../../keepers/coding/merkle.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { sha256 } from "../../../../keepers/runtime/platform/hashes.ts";
import { createCommitteeView } from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { createStorageClient } from "../../../../keepers/storage/client.ts";
import { encodeNode } from "../../../../keepers/storage/format/manifestNode.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { rowsPerStrip } from "../../../../keepers/storage/format/placement.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { StorageNetwork } from "../network.ts";
import { storePacked } from "../packed.ts";
import { refusalOf, stripsFor } from "../segments.ts";

describe("storage: a writer who codes wrongly", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(10);
    client = await network.openClient(30);
  });

  after(() => network.stop());

  /** A segment whose last parity row is another one, under trees and combinations that commit to it honestly. */
  async function miscoded(data: Uint8Array): Promise<EncodedSegment> {
    const shape = chooseShape(data.length, 10, { maxRowSize: 1024, parityPerOriginal: 1 });
    const honest = await network.codec.encode(data, shape);
    const rows = Array.from({ length: shape.k + shape.n }, (_, row) => Uint8Array.from(honest.row(row)));
    honest.release();
    rows[rows.length - 1]![0]! ^= 1;
    const tree = merkleTree(rows);
    const rowRoot = nodeOf(tree, 1);
    const combiner = new Combiner(createField(), shape.rowSize);
    combiner.prepare(rowRoot, shape);
    const combinations = rows.slice(0, shape.k).map((row) => Uint8Array.from(combiner.combine(row)));
    const rlcTree = merkleTree(combinations);
    const rlcRoot = nodeOf(rlcTree, 1);
    return {
      ...{ shape, rowRoot, rlcRoot, rlc: Buffer.concat(combinations) },
      commitment: sha256(Buffer.concat([rowRoot, rlcRoot])),
      row: (index) => rows[index]!,
      copyRows: (first, count, target, at) => target.set(Buffer.concat(rows.slice(first, first + count)), at),
      rowPath: (index) => merklePath(tree, index),
      rlcPath: (index) => merklePath(rlcTree, index),
      release: () => {},
    };
  }

  it("finds no member that takes the wrong row, and its readers get the bytes and are told", async () => {
    const data = randomBytes(50_000);
    const segment = await miscoded(data);
    const { commitment, shape } = segment;
    const wrong = Math.floor((shape.k + shape.n - 1) / rowsPerStrip(shape));
    const api = createMemberApi({ ...client, timeoutMs: 10_000 });
    const { members } = await createCommitteeView(client.provider, client.deployment).current();
    let refused = 0;
    for (const member of members) {
      const numbers = stripsFor(member, commitment);
      const all = await refusalOf(api.putSegment(member, commitment, encodeUpload(segment, numbers), signal));
      if (numbers.includes(wrong)) {
        expect(all).to.equal("400 coding/row-refused");
        refused++;
        const rest = numbers.filter((number) => number !== wrong);
        await api.putSegment(member, commitment, encodeUpload(segment, rest), signal);
      } else {
        expect(all).to.equal("none");
      }
    }
    expect(refused).to.equal(1);
    const manifest = encodeNode({
      level: 0,
      size: data.length,
      segments: [{ commitment, length: data.length, shape }],
    });
    const root = await storePacked(network, client, { kind: "manifest", bytes: manifest });
    const object = await createStorageClient({ ...client, codec: network.codec }).get(root);
    expect(Buffer.from(await object.bytes()).equals(data)).to.equal(true);
    expect(object.report.miscoded).to.deep.equal([nameOf(commitment)]);
    expect(object.report.blamed).to.deep.equal([]);
  });
});
