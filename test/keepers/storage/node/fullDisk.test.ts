import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { EncodedSegment } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { stripOf } from "../../../../keepers/storage/format/stripFormat.ts";
import { SmallDisk } from "../disk/smallDisk.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import type { NodeProcessOptions } from "../nodeProcess.ts";
import { randomSegment, refusalOf, stripsFor } from "../segments.ts";

const CLIENT = 20;
const MIB = 1024 * 1024;
/** A segment that takes about 100 KiB on a node. */
const SMALL = 8_192;
const FULL = "507 storage/quota-exceeded";
/** Not even the nonce of the request could be written down. */
const INDEX_FULL = "507 store/disk-full";
/** LMDB writes every failed commit to the terminal. */
const QUIETLY = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh"];

/** What a node has signed for: digest of the strips of a segment. */
interface Kept {
  readonly commitment: Uint8Array;
  readonly shape: EncodedSegment["shape"];
  readonly digest: string;
}

describe("storage: a node whose disk is full", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let setup: NodeSetup;
  let child: ChildProcess;
  let api: MemberApi;
  let disk: SmallDisk | undefined;
  let account = 0;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    client = await network.openClient(CLIENT);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
  });

  after(() => network.stop());

  beforeEach(async () => {
    await network.fund(++account);
    setup = await network.setup(account);
  });

  afterEach(async () => {
    await kill(child);
    await disk?.unmount();
    disk = undefined;
  });

  const memberNow = async (): Promise<CommitteeMember> => {
    const { members } = await createCommitteeView(client.provider, client.deployment).current();
    return members.find(({ endpoint }) => endpoint.endsWith(`:${setup.port}`))!;
  };

  /** Puts a segment, a part of which belongs to the node. */
  const put = async (member: CommitteeMember, bytes = 2 * MIB): Promise<Kept | string> => {
    const segment = await randomSegment(network.codec, bytes);
    const { commitment, shape } = segment;
    const numbers = stripsFor(member, commitment).slice(0, 32);
    const hash = createHash("sha256");
    for (const number of numbers) hash.update(stripOf(segment, number).rows);
    const body = encodeUpload(segment, numbers);
    segment.release();
    const refusal = await refusalOf(api.putSegment(member, commitment, body, signal));
    return refusal === "none" ? { commitment, shape, digest: hash.digest("hex") } : refusal;
  };

  /** Several at once, over and over, until one is refused. */
  const putUntilRefused = async (member: CommitteeMember, kept: Kept[]): Promise<string[]> => {
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => put(member)));
      kept.push(...answers.filter((answer) => typeof answer !== "string"));
      const refusals = answers.filter((answer) => typeof answer === "string");
      if (refusals.length > 0) return refusals;
    }
  };

  const expectKept = async (member: CommitteeMember, kept: readonly Kept[]): Promise<void> => {
    for (const { commitment, shape, digest } of kept) {
      const hash = createHash("sha256");
      const wanted = stripsFor(member, commitment).slice(0, 32);
      const strips = new Map<number, Uint8Array>();
      while (strips.size < wanted.length) {
        const missing = wanted.filter((number) => !strips.has(number));
        const answer = await api.strips(member, commitment, shape, missing, signal);
        expect(answer.strips.length).to.be.greaterThan(0);
        for (const strip of answer.strips) strips.set(strip.number, strip.rows);
      }
      for (const number of wanted) hash.update(strips.get(number)!);
      expect(hash.digest("hex")).to.equal(digest);
    }
  };

  const start = async (options: NodeProcessOptions, under: readonly string[] = []) => {
    child = await network.spawnNode(setup, options, under);
    return await memberNow();
  };

  const mount = async (directory: string, mebibytes: number): Promise<SmallDisk | undefined> => {
    disk = await SmallDisk.mount(directory, mebibytes);
    return disk;
  };

  it("refuses what does not fit, keeps and serves the rest, and goes on when there is room", async function () {
    const small = await mount(setup.dataDir, 24);
    if (small === undefined) return this.skip();
    const options = { reserveBytes: 0 };
    const under = [...small.under, ...QUIETLY];
    const member = await start(options, under);
    const kept: Kept[] = [];
    for (const refusal of await putUntilRefused(member, kept))
      expect(refusal).to.be.oneOf([FULL, INDEX_FULL]);
    expect(kept.length).to.be.greaterThan(2);
    await small.fill();
    // Over and over: a refusal must leave nothing behind.
    for (let i = 0; i < 10; i++) expect(await put(member, SMALL)).to.be.oneOf([FULL, INDEX_FULL]);
    expect(child.exitCode).to.equal(null);
    await expectKept(member, kept);
    await small.free();
    kept.push(taken(await put(member, SMALL)));
    await expectKept(member, kept);
    await small.fill();
    await kill(child);
    await start(options, under);
    await expectKept(member, kept);
    expect(await put(member, SMALL)).to.be.oneOf([FULL, INDEX_FULL]);
    await kill(child);
    await small.grow(48);
    await start(options, under);
    await expectKept(member, kept);
    await expectKept(member, [taken(await put(member))]);
    expect((await readdir(join(small.seen, "rows"))).length).to.be.lessThan(6);
  });

  it("refuses when only its index has no room, and goes on when there is some", async function () {
    const small = await mount(join(setup.dataDir, "store"), 4);
    if (small === undefined) return this.skip();
    const under = [...small.under, ...QUIETLY];
    const member = await start({}, under);
    const kept = [taken(await put(member, SMALL))];
    await small.fill();
    const answers = [];
    for (let i = 0; i < 40; i++) answers.push(await put(member, SMALL));
    kept.push(...answers.filter((answer) => typeof answer !== "string"));
    const refusals = answers.filter((answer) => typeof answer === "string");
    expect(refusals).to.not.deep.equal([]);
    expect(refusals.filter((refusal) => refusal !== FULL && refusal !== INDEX_FULL)).to.deep.equal([]);
    expect(child.exitCode).to.equal(null);
    await expectKept(member, kept);
    await small.free();
    kept.push(taken(await put(member, SMALL)));
    await expectKept(member, kept);
    await kill(child);
    await start({}, under);
    await expectKept(member, kept);
  });

  it("keeps a reserve, so that a node without room for rows still writes down what it does", async function () {
    const small = await mount(setup.dataDir, 24);
    if (small === undefined) return this.skip();
    const member = await start({ reserveBytes: 4 * MIB, openReads: "nobody" }, small.under);
    const kept: Kept[] = [];
    const refusals = new Set(await putUntilRefused(member, kept));
    expect(refusals).to.deep.equal(new Set([FULL]));
    const { bavail, bsize } = await statfs(small.seen);
    expect(bavail * bsize).to.be.at.least(3 * MIB);
    // Each of these reads is signed, and its nonce written down.
    await expectKept(member, kept);
    await small.grow(32);
    kept.push(taken(await put(member)));
    await expectKept(member, kept);
  });

  it("refuses what passes the largest file that it may write, and goes on in the next", async () => {
    // Blocks of 512 bytes; the soft limit alone, which needs no rights anywhere.
    const under = ["sh", "-c", 'ulimit -S -f 6144 && exec "$@"', "sh"];
    const member = await start({}, under);
    const kept: Kept[] = [];
    for (let files = 0; files < 3; files++) {
      const refusals = await putUntilRefused(member, kept);
      expect(new Set(refusals)).to.deep.equal(new Set([FULL]));
      kept.push(taken(await put(member)));
    }
    expect(child.exitCode).to.equal(null);
    await expectKept(member, kept);
    await kill(child);
    await start({});
    await expectKept(member, kept);
    await expectKept(member, [taken(await put(member))]);
  });
});

function taken(answer: Kept | string): Kept {
  if (typeof answer === "string") throw new Error(`refused: ${answer}`);
  return answer;
}
