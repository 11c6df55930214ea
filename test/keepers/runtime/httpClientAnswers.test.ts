import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect } from "chai";
import { failure, setUpPeer } from "./httpPeer.ts";

describe("guarded HTTP client", () => {
  const peer = setUpPeer();

  it("sends method, headers and body, and gives back status, headers and bytes", async () => {
    peer.handler = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(201, { "x-seen": `${request.method} ${request.url} ${request.headers["x-a"]}` });
        response.end(Buffer.concat(chunks).reverse());
      });
    };
    const body = new Uint8Array([1, 2, 3]);
    const answer = await peer.client.request(`${peer.base}/p?q=1`, {
      method: "PUT",
      headers: { "x-a": "b" },
      body,
    });
    expect(answer.status).equal(201);
    expect(answer.headers["x-seen"]).equal("PUT /p?q=1 b");
    expect([...answer.body]).deep.equal([3, 2, 1]);
  });

  describe("what may come back", () => {
    it("does not follow redirects", async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        peer.handler = (_request, response) =>
          void response.writeHead(status, { location: "/elsewhere" }).end();
        expect(await failure(peer.client.request(peer.base))).include({
          code: "http/redirect",
          status,
          retry: false,
        });
      }
      expect(peer.requests).equal(5);
    });

    it("refuses an announced size before reading, and an unannounced one while reading", async () => {
      let sent = 0;
      peer.handler = (_request, response) =>
        void response.writeHead(200, { "content-length": "1000" }).end(Buffer.alloc(1000));
      expect(await failure(peer.client.request(peer.base, { maxBytes: 999 }))).include({
        code: "http/too-large",
        retry: false,
      });
      peer.handler = (_request, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const pump = (): void => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          response.once("drain", pump);
        };
        pump();
      };
      expect((await failure(peer.client.request(peer.base, { maxBytes: 100_000 }))).code).equal(
        "http/too-large",
      );
      expect(sent).below(64 * 1024 * 1024);
    });

    it("takes a body of exactly the limit", async () => {
      peer.handler = (_request, response) => void response.end(Buffer.alloc(1000, 7));
      expect((await peer.client.request(peer.base, { maxBytes: 1000 })).body).length(1000);
    });

    it("does not unpack: a zip bomb stays small", async () => {
      peer.handler = (_request, response) =>
        void response.writeHead(200, { "content-encoding": "gzip" }).end("tiny");
      expect((await peer.client.request(peer.base, { maxBytes: 10 })).body).length(4);
    });

    it("refuses endless headers", async () => {
      const endless = createTcpServer((socket) => {
        socket.on("error", () => undefined);
        socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(10_000)}`);
      });
      await new Promise<void>((done) => endless.listen(0, "127.0.0.1", done));
      const { port: other } = endless.address() as AddressInfo;
      expect((await failure(peer.client.request(`http://127.0.0.1:${other}/`))).code).equal("http/network");
      endless.close();
    });

    it("says whether a retry may help, and what the peer said", async () => {
      const retryable = [408, 425, 429, 500, 502, 503, 504];
      for (const status of [...retryable, 400, 401, 403, 404, 409, 413]) {
        peer.handler = (_request, response) => void response.writeHead(status).end("no");
        const error = await failure(peer.client.request(peer.base));
        expect(error).include({ code: "http/status", status, retry: retryable.includes(status) });
      }
      peer.handler = (_request, response) => {
        response.writeHead(507, { "content-type": "application/problem+json" });
        response.end(
          JSON.stringify({ code: "storage/quota-exceeded", detail: "full\u001b[2J\nforged line" }),
        );
      };
      const { problem } = await failure(peer.client.request(peer.base));
      expect(problem).deep.equal({ code: "storage/quota-exceeded", detail: "full [2J forged line" });
    });

    it("believes no garbage problem document", async () => {
      for (const body of [
        "",
        "{",
        "null",
        "[]",
        '{"code":5}',
        `{"code":"${"x".repeat(65)}"}`,
        '{"code":"A B"}',
        "x".repeat(20_000),
      ]) {
        peer.handler = (_request, response) =>
          void response.writeHead(400, { "content-type": "application/problem+json" }).end(body);
        const error = await failure(peer.client.request(peer.base));
        expect(error).include({ code: "http/status", status: 400, problem: undefined });
      }
    });
  });
});
