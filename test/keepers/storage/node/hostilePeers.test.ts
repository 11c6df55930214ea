import type { ChildProcess } from "node:child_process";
import { expect } from "chai";
import type { EncodedSegment } from "../../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { signRequest } from "../../../../keepers/runtime/http/signedRequest.ts";
import {
  type CommitteeMember,
  createCommitteeView,
} from "../../../../keepers/storage/chain/committeeView.ts";
import { createMemberApi, type MemberApi } from "../../../../keepers/storage/client/memberApi.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { encodeUpload } from "../../../../keepers/storage/format/segmentFormat.ts";
import { stripBytes, stripOf } from "../../../../keepers/storage/format/stripFormat.ts";
import { kill, StorageNetwork } from "../network.ts";
import type { NodeSetup } from "../nodeContext.ts";
import { randomSegment, refusalOf, stripsFor } from "../segments.ts";
import { HostileSocket, watchMemory } from "./hostileSocket.ts";

const CLIENT = 20;
const MIB = 1024 * 1024;
const BINARY = "content-type: application/octet-stream\r\n";
const LIMITS = {
  timeouts: { headers: 2_000, request: 4_000, answer: 2_000, idle: 6_000, keepAlive: 2_000 },
  maxConnections: 400,
  maxConnectionsPerAddress: 300,
};
const GATES = { maxUploads: 8, maxReads: 8, graceMs: 300 };
/** What uploads and reads may take at once (2.6 and 4 MiB each), and what is not collected yet, MiB. */
const MOST_MEMORY = 8 * 2.6 + 8 * 4 + 350;

describe("storage: hostile peers of a node", () => {
  let network: StorageNetwork;
  let client: KeeperContext;
  let setup: NodeSetup;
  let child: ChildProcess;
  let member: CommitteeMember;
  let api: MemberApi;
  const { signal } = new AbortController();

  before(async () => {
    network = await StorageNetwork.start();
    client = await network.openClient(CLIENT);
    api = createMemberApi({ ...client, timeoutMs: 10_000 });
    await network.fund(1);
    setup = { ...(await network.setup(1)), limits: LIMITS };
    child = await network.spawnNode(setup, GATES);
    const { members } = await createCommitteeView(client.provider, client.deployment).current();
    member = members.find(({ endpoint }) => endpoint.endsWith(`:${setup.port}`))!;
  });

  after(() => network.stop());

  const many = (count: number, from?: string) =>
    Promise.all(Array.from({ length: count }, () => HostileSocket.open(setup.port, from)));

  const numbersOf = ({ commitment }: EncodedSegment) => stripsFor(member, commitment).slice(0, 32);

  /** The headers of a signed request, up to those that say how long it is. */
  const head = async (method: string, path: string): Promise<string> => {
    const authorization = await signRequest(client.signer, {
      ...{ chainId: client.chainId, audience: member.signer, method, url: path },
    });
    return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${BINARY}authorization: ${authorization}\r\n`;
  };

  /** A client that keeps to the rules puts a segment and reads it back; it comes again when the node is busy. */
  const putAndGet = async (): Promise<number> => {
    const segment = await randomSegment(network.codec, 200_000);
    const { commitment, shape } = segment;
    const numbers = numbersOf(segment);
    const patient = async <T>(ask: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await ask();
        } catch (error) {
          if ((await refusalOf(Promise.reject(error))) !== "503 storage/busy") throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    await patient(() => api.putSegment(member, commitment, encodeUpload(segment, numbers), signal));
    const { strips } = await patient(() => api.strips(member, commitment, shape, numbers, signal));
    expect(strips.map(({ number }) => number)).to.deep.equal(numbers);
    for (const strip of strips)
      expect(Buffer.from(strip.rows).equals(stripOf(segment, strip.number).rows)).to.equal(true);
    segment.release();
    return strips.length;
  };

  /** Requests that the node believes to be answering, this one aside. */
  const inFlight = async (): Promise<number> => {
    const { body } = await client.http.request(`${member.endpoint}/metrics`);
    const text = Buffer.from(body).toString("utf8");
    return Number(/requests_in_flight(?:\{[^}]*\})? (\d+)/.exec(text)?.[1]) - 1;
  };

  it("hangs up on headers that come byte by byte", async () => {
    const memory = await watchMemory(child.pid!);
    const slow = (await many(150)).map((one) => one.listen());
    const start = `PUT /segments/${"0".repeat(64)} HTTP/1.1\r\nhost: 127.0.0.1\r\n${"x: y\r\n".repeat(500)}`;
    const trickling = slow.map((one) => one.trickle(start, 40));
    await putAndGet();
    expect(slow.filter(({ isOpen }) => isOpen).length).to.be.greaterThan(0);
    for (const { ended } of slow)
      expect(await ended).to.match(/^HTTP\/1\.1 408 [\s\S]*"code":"http\/timeout"/);
    await Promise.all(trickling);
    expect(await memory()).to.be.lessThan(MOST_MEMORY);
  });

  it("cuts off uploads that stand still or crawl, at once when others wait for their place", async () => {
    const memory = await watchMemory(child.pid!);
    const slow = (await many(GATES.maxUploads)).map((one) => one.listen());
    const crawling: Promise<void>[] = [];
    for (const [i, one] of slow.entries()) {
      one.send(await head("PUT", `/segments/${i.toString(16).padStart(64, "0")}`));
      one.send("content-length: 1000000\r\n\r\n", Buffer.alloc(1000));
      if (i % 2 === 0) crawling.push(one.trickle("x".repeat(1000), 100));
    }
    await putAndGet();
    expect(slow.filter(({ isOpen }) => isOpen).length, "one gives way").to.be.at.least(GATES.maxUploads - 2);
    const answers = await Promise.all(slow.map(({ ended }) => ended));
    for (const answer of answers)
      expect(answer).to.match(/^HTTP\/1\.1 408 [\s\S]*"code":"http\/(too-slow|timeout)"/);
    expect(answers.filter((answer) => answer.includes("http/too-slow")).length).to.be.greaterThan(0);
    await Promise.all(crawling);
    await putAndGet();
    expect(await inFlight()).to.equal(0);
    expect(await memory()).to.be.lessThan(MOST_MEMORY);
  });

  it("answers before it reads a body that it would not take", async () => {
    const zero = "0".repeat(64);
    const rest = `host: 127.0.0.1\r\n${BINARY}content-length: 1000000\r\n\r\n`;
    const asked: [string, RegExp][] = [
      [`PUT /segments/${zero} HTTP/1.1\r\n${rest}`, /^HTTP\/1\.1 401 [\s\S]*http\/unsigned/],
      [`POST /nowhere HTTP/1.1\r\n${rest}`, /^HTTP\/1\.1 404 [\s\S]*http\/not-found/],
      [`POST /holdings HTTP/1.1\r\n${rest}`, /^HTTP\/1\.1 401 [\s\S]*http\/unsigned/],
      [`${await head("PUT", `/segments/${zero}`)}content-length: 99999999\r\n\r\n`, /^HTTP\/1\.1 413 /],
    ];
    for (const [request, expected] of asked) {
      const [one] = await many(1);
      one!.listen().send(request);
      const [first] = (await Promise.race([
        new Promise<Buffer[]>((resolve) => one!.socket.once("data", (chunk: Buffer) => resolve([chunk]))),
        one!.ended.then((text) => [Buffer.from(text)]),
      ])) as [Buffer];
      expect(first.toString("latin1"), request.slice(0, 30)).to.match(expected);
      one!.drop();
    }
    await putAndGet();
  });

  it("keeps nothing of a body that is shorter or longer than it says", async () => {
    const segment = await randomSegment(network.codec, 200_000);
    const path = `/segments/${nameOf(segment.commitment)}`;
    const body = encodeUpload(segment, numbersOf(segment));
    const send = async (length: number, ...parts: Uint8Array[]) => {
      const [one] = await many(1);
      one!.listen().send(await head("PUT", path), `content-length: ${length}\r\n\r\n`, ...parts);
      return one!;
    };
    const halved = await send(body.length, body.subarray(0, body.length >> 1));
    halved.socket.end();
    expect(await halved.ended).to.match(/^(HTTP\/1\.1 400 [\s\S]*http\/bad-request|$)/);
    const gone = await send(body.length, body.subarray(0, body.length >> 1));
    gone.drop();
    const understated = await send(body.length - 1, body);
    expect(await understated.ended).to.match(
      /^HTTP\/1\.1 400 [\s\S]*(storage\/bad-strips|http\/bad-request)/,
    );
    expect(await refusalOf(api.head(member, segment.commitment, signal))).to.equal("404 storage/not-found");
    const trailed = await send(body.length, body, Buffer.from("garbage\r\n\r\n"));
    expect(await trailed.ended).to.match(/HTTP\/1\.1 400 [\s\S]*http\/bad-request/);
    segment.release();
    await putAndGet();
    expect(await inFlight()).to.equal(0);
  });

  it("takes no more memory than a body has bytes, in however many pieces it comes", async () => {
    const memory = await watchMemory(child.pid!);
    const pieces = Buffer.from("1\r\nx\r\n".repeat(100_000));
    const torn = (await many(GATES.maxUploads)).map((one) => one.listen());
    for (const [i, one] of torn.entries()) {
      one.send(await head("PUT", `/segments/${i.toString(16).padStart(64, "0")}`));
      one.send("transfer-encoding: chunked\r\n\r\n");
      for (let part = 0; part < 25; part++) one.send(pieces);
    }
    await putAndGet();
    for (const { ended } of torn)
      expect(await ended).to.match(/^HTTP\/1\.1 400 [\s\S]*http\/too-many-pieces/);
    expect(await memory()).to.be.lessThan(MOST_MEMORY);
    const [endless] = await many(1);
    endless!.listen().send(await head("PUT", `/segments/${"0".repeat(64)}`));
    endless!.send("transfer-encoding: chunked\r\n\r\n");
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x10000), Buffer.from("\r\n")]);
    for (let i = 0; i < 64; i++) endless!.send(chunk);
    expect(await endless!.ended).to.match(/^HTTP\/1\.1 413 [\s\S]*http\/body-too-large/);
  });

  it("waits for nobody who does not take its answers, and has every place back", async () => {
    const segment = await randomSegment(network.codec, 4 * MIB);
    const numbers = numbersOf(segment);
    await api.putSegment(member, segment.commitment, encodeUpload(segment, numbers), signal);
    const memory = await watchMemory(child.pid!);
    const get = `GET /segments/${nameOf(segment.commitment)}/strips HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
    const deaf = await many(60);
    for (const one of deaf) one.send(get.repeat(8));
    await putAndGet();
    const asked = 60 * 8 * numbers.length * stripBytes(segment.shape);
    // The first half hangs up in the middle; the others begin to listen when the node has given up on them.
    for (const one of deaf.slice(0, 30)) one.drop();
    await new Promise((resolve) => setTimeout(resolve, LIMITS.timeouts.answer + 1_000));
    const heard = await Promise.all(deaf.slice(30).map((one) => one.listen().ended));
    expect(heard.reduce((sum, { length }) => sum + length, 0)).to.be.lessThan(asked / 8);
    expect(await memory()).to.be.lessThan(MOST_MEMORY);
    expect(await inFlight()).to.equal(0);
    for (let i = 0; i < 2 * GATES.maxReads; i++) await api.head(member, segment.commitment, signal);
    segment.release();
  });

  it("answers no more requests at once than one connection may ask", async () => {
    const memory = await watchMemory(child.pid!);
    const greedy = await many(20);
    for (const one of greedy) one.send("GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".repeat(2_000));
    await putAndGet();
    expect(await memory()).to.be.lessThan(MOST_MEMORY);
    for (const one of greedy) one.drop();
  });

  it("leaves room for others when one address opens all the connections that it can", async () => {
    const greedy = await many(LIMITS.maxConnections, "127.0.0.2");
    await putAndGet();
    const open = greedy.filter(({ isOpen }) => isOpen);
    expect(open.length).to.be.at.most(LIMITS.maxConnectionsPerAddress);
    for (const one of greedy) one.drop();
  });

  it("is still there", async () => {
    expect(child.exitCode).to.equal(null);
    await putAndGet();
    await kill(child);
  });
});
