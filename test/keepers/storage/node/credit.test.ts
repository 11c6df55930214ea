import { expect } from "chai";
import { parseEther } from "ethers";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { createCreditView, ensureCredit } from "../../../../keepers/storage/chain/credit.ts";
import { createMemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { IBonds__factory } from "../../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";
import { memberOf, randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const STRANGER = 21;
/** Room for one segment of 8 KiB and not for two. */
const CREDIT = 20_000;

describe("storage: credit by bond", () => {
  let network: StorageNetwork;
  let member: CommitteeMember;
  let client: KeeperContext;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    for (const account of [1, CLIENT]) await network.fund(account);
    const node = await network.startNode(await network.setup(1), {
      creditBytesPerSigner: 0,
      creditTtlMs: 0,
    });
    member = await memberOf(node);
    client = await network.openClient(CLIENT);
  });

  after(() => network.stop());

  const store = async (context: KeeperContext) => {
    const api = createMemberApi({ ...context, timeoutMs: 10_000 });
    const segment = await randomSegment(network.codec);
    const body = encodeUpload(segment, stripsFor(member, segment.commitment));
    const put = api.putSegment(member, Uint8Array.from(segment.commitment), body, signal);
    const refusal = await refusalOf(put);
    segment.release();
    return refusal;
  };

  it("takes nothing of who has bonded nothing, and as much as a bond covers", async () => {
    const stranger = await network.openClient(STRANGER);
    expect(await store(stranger)).to.equal("402 storage/credit-exceeded");
    expect(await store(client)).to.equal("402 storage/credit-exceeded");
    await ensureCredit(client, CREDIT);
    expect(await store(client)).to.equal("none");
    expect(await store(client)).to.equal("402 storage/credit-exceeded");
    await ensureCredit(client, 2 * CREDIT);
    expect(await store(client)).to.equal("none");
    expect(await store(stranger)).to.equal("402 storage/credit-exceeded");
  });

  it("bonds what is missing once, and no more than 10 tokens a GiB", async () => {
    const bonds = IBonds__factory.connect(network.address("Bonds"), client.provider);
    const allocated = () => bonds.allocated(client.signer.address, network.address("StorageLog"));
    const wanted = 1024 ** 3 / 4;
    expect(await ensureCredit(client, wanted)).to.equal(parseEther("2.5"));
    expect(await allocated()).to.equal(parseEther("2.5"));
    const nonce = await client.provider.getTransactionCount(client.signer.address);
    expect(await ensureCredit(client, wanted)).to.equal(parseEther("2.5"));
    expect(await client.provider.getTransactionCount(client.signer.address)).to.equal(nonce);
    const view = createCreditView(client.provider, client.deployment);
    expect(await view.bytesOf(client.signer.address.toLowerCase())).to.equal(wanted);
  });

  it("bonds for no other key than the one that signs uploads", async () => {
    const { signer } = await network.openClient(STRANGER, "other");
    expect(await codeOfRejection(ensureCredit({ ...client, signer }, CREDIT))).to.equal(
      "storage/wrong-signer",
    );
  });
});
