import { once } from "node:events";
import { request as rawRequest } from "node:http";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { BINARY_TYPE, JSON_TYPE, setUpServers, talk } from "./httpServers.ts";

describe("HTTP server", () => {
  const { log, open } = setUpServers();

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

    it("are refused when they come in crumbs, and taken in pieces", async () => {
      const server = open();
      server.post("/echo", async (request) => ({ bytes: request.rawBody?.length }));
      const url = await server.serve();
      const head =
        "POST /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/octet-stream\r\n";
      const send = (size: number, count: number) => {
        const piece = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
        return talk(url, `${head}transfer-encoding: chunked\r\n\r\n`, piece.repeat(count), "0\r\n\r\n")
          .answer;
      };
      expect(await send(1, 5_000)).match(/^HTTP\/1\.1 400 [\s\S]*http\/too-many-pieces/);
      expect(await send(1, 2_000)).match(/^HTTP\/1\.1 200 [\s\S]*"bytes":2000/);
      expect(await send(1_000, 900)).match(/^HTTP\/1\.1 200 [\s\S]*"bytes":900000/);
    });

    it("are not waited for where nobody wants them", async () => {
      const url = await open().serve();
      const unknown = talk(
        url,
        "POST /nowhere HTTP/1.1\r\nhost: localhost\r\n",
        ["content-type: application/json", "content-length: 1000\r\n\r\n"].join("\r\n"),
      );
      const [first] = (await once(unknown.socket, "data")) as [Buffer];
      expect(first.toString()).match(/^HTTP\/1\.1 404 [\s\S]*http\/not-found/);
      unknown.socket.destroy();
    });

    it("are cut off when they never say their length", async () => {
      const url = await openEcho().serve();
      const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\n";
      const chunk = `40\r\n${"x".repeat(64)}\r\n`;
      const { answer } = talk(url, `${head}transfer-encoding: chunked\r\n\r\n`, chunk, chunk, chunk);
      expect(await answer).match(/^HTTP\/1\.1 413 /);
    });
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
