import { request as rawRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import type { FastifyInstance } from "fastify";
import { FatalError, RetryableError } from "../../../keepers/runtime/errors.ts";
import { requireSignature } from "../../../keepers/runtime/http/authentication.ts";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import type { HttpError } from "../../../keepers/runtime/http/errors.ts";
import { createServer, type ServerOptions } from "../../../keepers/runtime/http/server.ts";
import { createSignedClient } from "../../../keepers/runtime/http/signedClient.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { createLogger } from "../../../keepers/runtime/logging/logger.ts";
import { createMetricsRegistry } from "../../../keepers/runtime/metrics/registry.ts";

use(chaiAsPromised);

const JSON_TYPE = { "content-type": "application/json" };
const BINARY_TYPE = { "content-type": "application/octet-stream" };

describe("HTTP server", () => {
  const log: string[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    format: "json",
    stream: { write: (line) => void log.push(line) },
  });
  const opened: FastifyInstance[] = [];
  const client = createHttpClient({ allowPrivate: ["127.0.0.0/8"] });
  after(() => client.close());
  afterEach(async () => {
    log.length = 0;
    for (const server of opened.splice(0)) await server.close();
  });

  function open(options: Partial<ServerOptions> = {}): FastifyInstance {
    const metrics = createMetricsRegistry({ name: "test", version: "1.2.3" });
    const server = createServer({ name: "test", metrics, logger, ...options });
    opened.push(server);
    return server;
  }

  /** Sends bytes as they are; resolves with what came back once the server hangs up. */
  function talk(url: string, ...parts: string[]): { socket: Socket; answer: Promise<string> } {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let received = "";
    const { promise: answer, resolve } = Promise.withResolvers<string>();
    socket.on("data", (chunk) => {
      received += chunk.toString();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    for (const part of parts) socket.write(part);
    return { socket, answer };
  }

  describe("probes", () => {
    it("says that it lives, whether it is ready and why not, and what roles report", async () => {
      let ready: true | string = "still catching up";
      const server = open({ ready: async () => ready, status: async () => ({ block: 5n }) });
      server.probes.addReadiness("storage", async () => true);
      server.probes.addStatus("storage", async () => ({
        root: new Uint8Array([1, 2]),
        buffer: Buffer.from([3]),
      }));
      const url = await server.serve();
      expect(JSON.parse(Buffer.from((await client.request(`${url}/health`)).body).toString())).include({
        status: "ok",
      });
      const unready = await server.inject("/ready");
      expect(unready.statusCode).equal(503);
      expect(unready.json()).include({
        code: "http/unavailable",
        detail: "test: still catching up",
        retry: true,
      });
      ready = true;
      expect((await server.inject("/ready")).json()).deep.equal({ ready: true });
      expect((await server.inject("/status")).json()).deep.equal({
        name: "test",
        keeper: { block: "5" },
        storage: { root: "0x0102", buffer: "0x03" },
      });
    });

    it("reports what it can when a report fails", async () => {
      const server = open({ status: () => Promise.reject(new Error("chain is away")) });
      server.probes.addStatus("storage", async () => ({ used: 1 }));
      const answer = await server.inject("/status");
      expect(answer.json()).deep.include({ keeper: { error: "chain is away" }, storage: { used: 1 } });
    });

    it("is unready, not broken, when a check throws", async () => {
      const server = open({ ready: () => Promise.reject(new Error("chain is away")) });
      const answer = await server.inject("/ready");
      expect(answer.statusCode).equal(503);
      expect(answer.json().detail).equal("test: chain is away");
    });

    it("exposes metrics with the build, and routes by pattern only", async () => {
      const server = open();
      server.get("/objects/:id", async () => ({}));
      await server.inject("/objects/alpha-one");
      await server.inject("/objects/beta-two?q=1");
      await server.inject("/nowhere/gamma-three");
      const answer = await server.inject("/metrics");
      expect(answer.headers["content-type"]).match(/^text\/plain; version=0\.0\.4/);
      expect(answer.body).match(
        /^mycelia_build_info\{version="1\.2\.3",node="v\d+\.[\d.]+",keeper="test"\} 1$/m,
      );
      expect(answer.body).match(
        /_duration_seconds_count\{keeper="test",method="GET",route="\/objects\/:id",status="200"\} 2$/m,
      );
      expect(answer.body).match(/refusals_total\{code="http\/not-found",keeper="test"\} 1$/m);
      expect(answer.body).match(/^process_cpu_user_seconds_total/m);
      expect(answer.body).not.match(/alpha|beta|gamma/);
    });
  });

  describe("problem documents", () => {
    function openWithErrors(): FastifyInstance {
      const server = open();
      server.statuses.set("test/teapot", 418);
      const failures: Record<string, () => Error> = {
        teapot: () => new FatalError("test/teapot", "no coffee", { wei: 5n, bytes: Buffer.from([1]) }),
        absent: () => new FatalError("storage/not-found", "no such object"),
        quota: () => new FatalError("storage/quota-exceeded", "full"),
        fatal: () => new FatalError("test/unmapped", "wrong"),
        later: () => new RetryableError("test/unmapped", "later"),
        bug: () => new Error("secret internals"),
        thrown: () => "not even an error" as unknown as Error,
      };
      for (const [name, make] of Object.entries(failures)) {
        server.get(`/${name}`, () => Promise.reject(make()));
      }
      return server;
    }

    it("map codes to statuses: own, by reason, by retry", async () => {
      const server = openWithErrors();
      const statuses = {
        teapot: 418,
        absent: 404,
        quota: 507,
        fatal: 400,
        later: 503,
        bug: 500,
        thrown: 500,
      };
      for (const [name, status] of Object.entries(statuses)) {
        const answer = await server.inject(`/${name}`);
        expect(answer.statusCode, name).equal(status);
        expect(answer.headers["content-type"], name).match(/^application\/problem\+json/);
        expect(answer.json(), name).include({ status });
      }
    });

    it("carry type, title, status, code, detail, retry and the values", async () => {
      expect((await openWithErrors().inject("/teapot")).json()).deep.equal({
        type: "urn:mycelia:error:test/teapot",
        title: "teapot",
        status: 418,
        code: "test/teapot",
        detail: "no coffee",
        retry: false,
        details: { wei: "5", bytes: "0x01" },
      });
    });

    it("say nothing about our own mistakes, which the log has", async () => {
      const answer = await openWithErrors().inject("/bug");
      expect(answer.body).not.include("secret internals");
      expect(answer.json()).include({ code: "http/internal", status: 500 });
      expect(log.join("")).include("secret internals");
    });

    it("answer unknown paths and methods", async () => {
      const server = open();
      expect((await server.inject("/nowhere?secret=1")).json()).include({
        code: "http/not-found",
        detail: "there is no GET /nowhere",
      });
      expect((await server.inject({ method: "DELETE", url: "/health" })).statusCode).equal(404);
    });
  });

  describe("bodies", () => {
    function openEcho(): FastifyInstance {
      const server = open({ bodyLimit: 100 });
      server.post("/echo", async (request) => ({
        isBuffer: Buffer.isBuffer(request.body),
        raw: request.rawBody?.toString("hex"),
      }));
      return server;
    }
    const post = (server: FastifyInstance, headers: Record<string, string>, payload: string | Buffer) =>
      server.inject({ method: "POST", url: "/echo", headers, payload });

    it("come as a Buffer when binary, and keep their bytes when JSON", async () => {
      const server = openEcho();
      const bytes = Buffer.from([0, 255, 128]);
      for (const type of [
        "application/octet-stream",
        "application/x-mycelia-rows",
        "application/x-mycelia-a; v=1",
      ]) {
        expect((await post(server, { "content-type": type }, bytes)).json()).deep.equal({
          isBuffer: true,
          raw: "00ff80",
        });
      }
      const text = '{ "a":  1 }';
      expect((await post(server, JSON_TYPE, text)).json()).deep.equal({
        isBuffer: false,
        raw: Buffer.from(text).toString("hex"),
      });
    });

    it("are refused when garbage, of another type or too large", async () => {
      const server = openEcho();
      const cases: [Record<string, string>, string | Buffer, number, string][] = [
        [JSON_TYPE, "{", 400, "http/bad-json"],
        [JSON_TYPE, "", 400, "http/bad-json"],
        [JSON_TYPE, Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400, "http/bad-json"],
        [JSON_TYPE, '{"__proto__":{"a":1}}', 400, "http/bad-json"],
        [JSON_TYPE, '{"constructor":{"prototype":{"a":1}}}', 400, "http/bad-json"],
        [{ "content-type": "text/plain" }, "hi", 415, "http/unsupported-media-type"],
        [{ "content-type": "application/x-www-form-urlencoded" }, "a=1", 415, "http/unsupported-media-type"],
        [BINARY_TYPE, Buffer.alloc(101), 413, "http/body-too-large"],
        [JSON_TYPE, `"${"x".repeat(100)}"`, 413, "http/body-too-large"],
      ];
      for (const [headers, payload, status, code] of cases) {
        const answer = await post(server, headers, payload);
        expect(answer.json(), String(payload).slice(0, 40)).include({ status, code });
      }
      expect((await post(server, BINARY_TYPE, Buffer.alloc(100))).statusCode).equal(200);
    });

    it("are cut off when they never say their length", async () => {
      const url = await openEcho().serve();
      const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\n";
      const chunk = `40\r\n${"x".repeat(64)}\r\n`;
      const { answer } = talk(url, `${head}transfer-encoding: chunked\r\n\r\n`, chunk, chunk, chunk);
      expect(await answer).match(/^HTTP\/1\.1 413 /);
    });
  });

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

  describe("who can reach it", () => {
    it("refuses to listen beyond loopback unless told so", () => {
      for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org", ""]) {
        expect(() => open({ host }), host).throw(/refusing to listen/);
      }
      for (const host of ["127.0.0.1", "localhost", "::1"]) open({ host });
      open({ host: "0.0.0.0", exposed: true });
    });

    it("is not reachable from other addresses of this machine", async () => {
      const url = await open().serve();
      const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      const outside = others.filter(({ internal, family }) => !internal && family === "IPv4");
      for (const { address } of outside) {
        const { answer } = talk(
          url.replace("127.0.0.1", address),
          "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
        );
        expect(await answer, address).equal("");
      }
      expect((await client.request(`${url}/health`)).status).equal(200);
    });

    it("answers only for loopback names and those it was given (DNS rebinding in a browser)", async () => {
      const server = open({ hostNames: ["keeper.example"] });
      const ask = async (host: string) =>
        (await server.inject({ url: "/health", headers: { host } })).statusCode;
      for (const host of ["127.0.0.1:80", "localhost", "[::1]:80", "keeper.example", "Keeper.Example:8080"]) {
        expect(await ask(host), host).equal(200);
      }
      for (const host of [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "10.0.0.1",
      ]) {
        expect(await ask(host), host).equal(421);
      }
      expect(
        (await open({ exposed: true }).inject({ url: "/health", headers: { host: "any.example" } }))
          .statusCode,
      ).equal(200);
    });
  });

  describe("signed routes", () => {
    const audience = createMemorySigner().address;
    const caller = createMemorySigner();
    const signed = createSignedClient(client, caller, 1);

    async function serveSigned(seen: string[]): Promise<string> {
      const server = open();
      const verify = async ({ path, body }: { path: string; body?: Uint8Array | undefined }) => {
        seen.push(`${path} ${Buffer.from(body ?? []).toString()}`);
        return caller.address;
      };
      server.post("/signed", requireSignature({ verify }), async (request) => ({ signer: request.signer }));
      server.post("/open", async (request) => ({ signer: request.signer }));
      return server.serve();
    }

    it("hand the verifier path, query and the exact bytes, and the handler the signer", async () => {
      const seen: string[] = [];
      const url = await serveSigned(seen);
      const body = '{ "a" : 1 }';
      const answer = await signed.request(audience, `${url}/signed?x=%20y`, {
        method: "POST",
        body,
        headers: JSON_TYPE,
      });
      expect(JSON.parse(Buffer.from(answer.body).toString())).deep.equal({ signer: caller.address });
      expect(seen).deep.equal(['/signed?x=%20y { "a" : 1 }']);
      const open = await client.request(`${url}/open`, { method: "POST", body, headers: JSON_TYPE });
      expect(JSON.parse(Buffer.from(open.body).toString())).deep.equal({ signer: "" });
    });

    it("refuse a request without header before reading its body", async () => {
      const seen: string[] = [];
      const url = await serveSigned(seen);
      const refused = (await client
        .request(`${url}/signed`, { method: "POST", body: "{}", headers: JSON_TYPE })
        .catch((error: unknown) => error)) as HttpError;
      expect(refused).include({ code: "http/status", status: 401, retry: false });
      expect(refused.problem?.code).equal("http/unsigned");
      expect(seen).deep.equal([]);
      const { answer, socket } = talk(
        url,
        "POST /signed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n",
      );
      const first = await new Promise<string>((done) =>
        socket.once("data", (chunk) => done(chunk.toString())),
      );
      expect(first)
        .match(/^HTTP\/1\.1 401 /)
        .and.match(/www-authenticate: Mycelia/i);
      socket.destroy();
      await answer;
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

  it("writes neither query, headers nor bodies to the log", async () => {
    const server = open();
    server.post("/echo", async () => ({}));
    const headers = { ...JSON_TYPE, authorization: "Mycelia hunter2", cookie: "hunter2" };
    await server.inject({ method: "POST", url: "/echo?key=hunter2", headers, payload: '{"a":"hunter2"}' });
    await server.inject({ method: "POST", url: "/echo?key=hunter2", headers, payload: "hunter2" });
    expect(log.length).above(1);
    expect(log.join("")).not.include("hunter2");
  });

  it("refuses requests that two parsers could read differently", async () => {
    const server = open();
    server.post("/echo", async () => ({}));
    const url = await server.serve();
    const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\n";
    const smuggled = `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n`;
    expect(await talk(url, smuggled).answer).match(/^HTTP\/1\.1 400 /);
    const huge = `GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
    expect(await talk(url, huge).answer).match(/^HTTP\/1\.1 431 /);
    const absolute = rawRequest(`${url}/health`, {
      path: "http://evil.example/health",
      headers: { host: "evil.example" },
    });
    const status = await new Promise((done) =>
      absolute.on("response", (answer) => done(answer.resume().statusCode)).end(),
    );
    expect(status).oneOf([404, 421]);
  });
});

function connectionsOf(server: FastifyInstance): Promise<number> {
  return new Promise((done, fail) =>
    server.server.getConnections((error, count) => (error ? fail(error) : done(count))),
  );
}
