import { connect } from "node:net";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import type { FastifyInstance } from "fastify";
import { setUpServers, talk } from "./httpServers.ts";

use(chaiAsPromised);

describe("HTTP server", () => {
  const { client, open } = setUpServers();

  describe("slow and many connections", () => {
    it("hangs up on headers and bodies that never end, and on silence", async () => {
      const server = open({ timeouts: { headers: 100, request: 200 } });
      server.post("/echo", async () => ({}));
      const url = await server.serve();
      const start = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\n";
      const slow = [talk(url, start), talk(url, `${start}content-length: 10\r\n\r\n`, "x"), talk(url)];
      for (const { answer } of slow) expect(await answer).match(/^(HTTP\/1\.1 408 |$)/);
      expect((await client.request(`${url}/health`)).status).equal(200);
    }).timeout(10_000);

    it("takes no more connections than it may", async () => {
      const server = open({ maxConnections: 2 });
      const url = await server.serve();
      const held = [talk(url, "GET"), talk(url, "GET")];
      await Promise.all(held.map(({ socket }) => new Promise((done) => socket.once("connect", done))));
      while ((await connectionsOf(server)) < 2) await new Promise((done) => setImmediate(done));
      expect(await talk(url, "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").answer).equal("");
      for (const { socket } of held) socket.destroy();
    });

    it("takes no more connections of one address than it may, and others meanwhile", async () => {
      const server = open({ maxConnectionsPerAddress: 3 });
      const url = await server.serve();
      const place = { port: Number(new URL(url).port), host: "127.0.0.1", localAddress: "127.0.0.2" };
      const greedy = Array.from({ length: 8 }, () => connect(place).on("error", () => undefined));
      // Nobody says in which order they arrive.
      const left = () => greedy.filter(({ destroyed }) => !destroyed);
      while (left().length > 3) await new Promise((done) => setImmediate(done));
      expect((await client.request(`${url}/health`)).status).equal(200);
      expect(left()).length(3);
      for (const socket of greedy) socket.destroy();
      while ((await connectionsOf(server)) > 1) await new Promise((done) => setImmediate(done));
      expect(await talk(url, "GET /health HTTP/1.0\r\n\r\n").answer).match(/^HTTP\/1\.1 /);
    });

    it("tells of requests whose connection broke while they waited behind another", async () => {
      const server = open();
      const counts = { inside: 0, gone: 0 };
      server.get("/long", async (request) => {
        counts.inside++;
        request.whenGone(() => counts.gone++);
        await new Promise(() => undefined);
      });
      const url = await server.serve();
      const { socket } = talk(url, "GET /long HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(5));
      while (counts.inside < 5) await new Promise((done) => setImmediate(done));
      socket.destroy();
      while (counts.gone < 5) await new Promise((done) => setImmediate(done));
    });

    it("ends a connection that asks for more at once than is answered", async () => {
      const server = open();
      let asked = 0;
      server.get("/long", async () => {
        asked++;
        await new Promise(() => undefined);
      });
      const url = await server.serve();
      const many = talk(url, "GET /long HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(500));
      expect(await many.answer).equal("");
      expect(asked).at.most(16);
    });

    it("ends a connection that does not take its answer", async () => {
      const server = open({ timeouts: { answer: 200 } });
      server.get("/large", async () => Buffer.alloc(64 * 1024 * 1024));
      const url = await server.serve();
      const { socket, answer } = talk(url, "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n");
      socket.pause();
      while ((await connectionsOf(server)) < 1) await new Promise((done) => setImmediate(done));
      while ((await connectionsOf(server)) > 0) await new Promise((done) => setImmediate(done));
      socket.resume();
      expect((await answer).length).below(64 * 1024 * 1024);
    }).timeout(10_000);

    it("limits an address by its own token bucket", async () => {
      let time = 0;
      const server = open({ rateLimit: { perSecond: 1, burst: 2, maxAddresses: 2, now: () => time } });
      const ask = async (remoteAddress: string) =>
        (await server.inject({ url: "/health", remoteAddress })).statusCode;
      expect([await ask("1.1.1.1"), await ask("1.1.1.1"), await ask("1.1.1.1")]).deep.equal([200, 200, 429]);
      expect(await ask("2.2.2.2")).equal(200);
      time += 1000;
      expect([await ask("1.1.1.1"), await ask("1.1.1.1")]).deep.equal([200, 429]);
      const refused = await server.inject({ url: "/health", remoteAddress: "1.1.1.1" });
      expect(refused.headers["retry-after"]).equal("1");
      expect(refused.json()).include({ code: "http/rate-limited", retry: true });
      // Only two addresses are remembered: a third pushes out the one that has been silent longest.
      await ask("3.3.3.3");
      expect(await ask("1.1.1.1")).equal(429);
    });
  });

  it("closes gracefully: what runs ends, idle connections go, nobody new comes", async () => {
    const server = open();
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    server.get("/long", async () => {
      started.resolve();
      await finish.promise;
      return { done: true };
    });
    const url = await server.serve();
    await client.request(`${url}/health`);
    const running = client.request(`${url}/long`);
    await started.promise;
    const closing = server.close();
    finish.resolve();
    expect((await running).status).equal(200);
    await closing;
    await expect(client.request(`${url}/health`)).rejectedWith(/can't be reached/);
  });
});

function connectionsOf(server: FastifyInstance): Promise<number> {
  return new Promise((done, fail) =>
    server.server.getConnections((error, count) => (error ? fail(error) : done(count))),
  );
}
