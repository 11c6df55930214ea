import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import { failure, LOOPBACK, setUpPeer } from "./httpPeer.ts";

use(chaiAsPromised);

describe("guarded HTTP client", () => {
  const peer = setUpPeer();

  describe("how long it waits", () => {
    it("gives up on silence before and inside the answer", async () => {
      peer.handler = () => undefined;
      expect(await failure(peer.client.request(peer.base, { timeoutMs: 50 }))).include({
        code: "http/timeout",
        retry: true,
      });
      peer.handler = (_request, response) => void response.writeHead(200).write("begun");
      expect((await failure(peer.client.request(peer.base, { timeoutMs: 50 }))).code).equal("http/timeout");
    });

    it("gives up on a drip that never ends, although something always comes", async () => {
      peer.handler = (_request, response) => {
        const timer = setInterval(() => response.write("."), 10);
        response.once("close", () => clearInterval(timer));
      };
      expect((await failure(peer.client.request(peer.base, { timeoutMs: 150 }))).code).equal("http/timeout");
    });

    it("stops with the caller's reason when aborted before, during or in the body", async () => {
      const reason = new Error("stop");
      await expect(peer.client.request(peer.base, { signal: AbortSignal.abort(reason) })).rejectedWith(
        reason,
      );
      expect(peer.requests).equal(0);
      const waiting = new AbortController();
      peer.handler = () => waiting.abort(reason);
      await expect(peer.client.request(peer.base, { signal: waiting.signal })).rejectedWith(reason);
      const reading = new AbortController();
      peer.handler = (_request, response) => {
        response.writeHead(200).write("begun");
        setTimeout(() => reading.abort(reason), 20);
      };
      await expect(peer.client.request(peer.base, { signal: reading.signal })).rejectedWith(reason);
    });

    it("says that nobody answers, and that a retry may help", async () => {
      await new Promise((done) => peer.server.close(done));
      expect(await failure(peer.client.request(peer.base))).include({ code: "http/network", retry: true });
    });

    it("survives answers that are no HTTP", async () => {
      const sockets: Socket[] = [];
      const rude = createTcpServer(
        (socket) => void sockets.push(socket.on("error", () => undefined)).valueOf(),
      );
      rude.on("connection", (socket) => void socket.end("SSH-2.0-rude\r\n"));
      await new Promise<void>((done) => rude.listen(0, "127.0.0.1", done));
      const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/`;
      expect((await failure(peer.client.request(url))).code).equal("http/network");
      for (const socket of sockets) socket.destroy();
      rude.close();
    });
  });

  describe("how much at once", () => {
    it("runs no more requests to one origin than it may, and refuses those beyond the queue", async () => {
      const small = createHttpClient({
        allowPrivate: LOOPBACK,
        connectionsPerOrigin: 2,
        pendingPerOrigin: 5,
      });
      const held: (() => void)[] = [];
      let running = 0;
      let most = 0;
      peer.handler = (_request, response) => {
        most = Math.max(most, ++running);
        held.push(() => {
          running--;
          response.end("ok");
        });
      };
      const answers = Array.from({ length: 5 }, () => small.request(peer.base));
      expect(await failure(small.request(peer.base))).include({ code: "http/busy", retry: true });
      const pump = setInterval(() => held.shift()?.(), 5);
      expect((await Promise.all(answers)).map(({ status }) => status)).deep.equal([200, 200, 200, 200, 200]);
      clearInterval(pump);
      expect(most).equal(2);
      await small.close();
    });

    it("refuses a request whose header could smuggle another", async () => {
      const error = await failure(peer.client.request(peer.base, { headers: { "x-a": "b\r\nhost: evil" } }));
      expect(error).include({ code: "http/invalid-request", retry: false });
      expect(peer.requests).equal(0);
    });
  });
});
