import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { createHttpClient } from "../../../../keepers/runtime/http/client.ts";
import type { CommitteeMember } from "../../../../keepers/storage/chain/committeeView.ts";
import { probeMembers } from "../../../../keepers/storage/presence/probe.ts";
import { freePort } from "../network.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

/** What servers do when they are asked, and whether that is an answer. */
const MANNERS: Readonly<Record<string, readonly [isThere: boolean, (socket: Socket) => void]>> = {
  "says that it is well": [true, (socket) => socket.end(`${HEAD}content-length: 2\r\n\r\n{}`)],
  "says that it is not ready": [
    true,
    (socket) => socket.end("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
  ],
  "points elsewhere": [
    true,
    (socket) =>
      socket.end("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
  ],
  "sends without end": [true, (socket) => socket.write(`${HEAD}\r\n${"x".repeat(100_000)}`)],
  "announces more than is read": [true, (socket) => socket.write(`${HEAD}content-length: 99999999\r\n\r\n`)],
  "never answers": [false, () => undefined],
  "begins and never ends": [false, (socket) => socket.write(`${HEAD}content-length: 9\r\n\r\n`)],
  "hangs up": [false, (socket) => socket.destroy()],
  "speaks something else": [false, (socket) => socket.end("SSH-2.0-x\r\n")],
};

describe("storage: a probe of a member", () => {
  const http = createHttpClient({ allowPrivate: true });
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  after(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    await http.close();
  });

  async function listen(manner: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("data", () => manner(socket));
    });
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`;
  }

  async function probe(endpoints: readonly string[], client = http): Promise<boolean[]> {
    const members = endpoints.map(
      (endpoint, i): CommitteeMember => ({ number: i, operator: `${i}`, signer: "", endpoint, slots: 0n }),
    );
    const found: boolean[] = [];
    const { signal } = new AbortController();
    await probeMembers(client, members, { timeoutMs: 1_000, signal }, ({ number }, isThere) => {
      found[number] = isThere;
    });
    return found;
  }

  it("tells who is there by whatever answer it gives", async () => {
    const manners = Object.values(MANNERS);
    const endpoints = await Promise.all(manners.map(([, manner]) => listen(manner)));
    const found = await probe(endpoints);
    const told = Object.keys(MANNERS).map((name, i) => [name, found[i]]);
    expect(told).to.deep.equal(Object.entries(MANNERS).map(([name, [isThere]]) => [name, isThere]));
  });

  it("takes nobody at the endpoint, no URL and a refused address for silence", async () => {
    const closed = `http://127.0.0.1:${await freePort()}`;
    expect(await probe([closed, "no url", "ftp://127.0.0.1"])).to.deep.equal([false, false, false]);
    const guarded = createHttpClient();
    const alive = await listen(MANNERS["says that it is well"]![1]);
    expect(await probe([alive], guarded)).to.deep.equal([false]);
    await guarded.close();
  });

  it("ends when it is told to", async () => {
    const stop = new AbortController();
    const endpoint = await listen(() => stop.abort());
    const members = [{ number: 1, operator: "", signer: "", endpoint, slots: 0n }];
    const noted: boolean[] = [];
    const options = { timeoutMs: 60_000, signal: stop.signal };
    const work = probeMembers(http, members, options, (_, isThere) => noted.push(isThere));
    const error: unknown = await work.catch((reason: unknown) => reason);
    expect(error).to.have.property("name", "AbortError");
    expect(noted).to.deep.equal([]);
  });
});
