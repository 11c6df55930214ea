import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { ensureCredit } from "../../../../keepers/storage/chain/credit.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const STRANGER = 21;

describe("storage: reads are counted", () => {
  let network: StorageNetwork;
  let peer: KeeperContext;
  let member: CommitteeMember;
  let client: KeeperContext;
  let commitment: Uint8Array;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    for (const account of [1, 2, CLIENT]) await network.fund(account);
    const node = await network.startNode(await network.setup(1), {
      ...{ openReads: "nobody", creditBytesPerSigner: 0, creditTtlMs: 0 },
      ...{ freeReadBytesPerDay: 5_000, peerReadBytesPerDay: 10_000 },
    });
    peer = await network.startNode(await network.setup(2));
    member = await memberOf(node);
    client = await network.openClient(CLIENT);
    await ensureCredit(client, 1024 ** 2);
    const segment = await randomSegment(network.codec);
    commitment = Uint8Array.from(segment.commitment);
    const body = encodeUpload(segment, stripsFor(member, commitment));
    await createMemberApi({ ...client, timeoutMs: 10_000 }).putSegment(member, commitment, body, signal);
    segment.release();
  });

  after(() => network.stop());

  /** Reads heads until it is refused. */
  const drain = async (reader: KeeperContext) => {
    const api = createMemberApi({ ...reader, timeoutMs: 10_000 });
    for (let reads = 0; ; reads++) {
      const refusal = await refusalOf(api.head(member, commitment, signal));
      if (refusal !== "none") return { reads, refusal };
    }
  };

  it("wants a signature, and of a key with credit", async () => {
    const { http, chainId } = client;
    const unsigned = createMemberApi({ http, chainId, timeoutMs: 10_000 });
    expect(await refusalOf(unsigned.head(member, commitment, signal))).to.equal("401 storage/unsigned");
    const stranger = await drain(await network.openClient(STRANGER));
    expect(stranger).to.deep.equal({ reads: 0, refusal: "402 storage/payment-required" });
  });

  it("sends each reader its quota, and members theirs", async () => {
    const first = await drain(client);
    expect(first.refusal).to.equal("402 storage/payment-required");
    expect(first.reads).to.be.within(1, 5);
    expect((await drain(client)).reads).to.equal(0);
    const second = await drain(peer);
    expect(second.refusal).to.equal("402 storage/payment-required");
    expect(second.reads).to.be.within(first.reads + 1, 10);
  });
});
