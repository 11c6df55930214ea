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
