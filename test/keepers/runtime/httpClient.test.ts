import { createServer, type RequestListener, type Server } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type LookupFunction,
  type Socket,
} from "node:net";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { createAddressRule, isLoopback } from "../../../keepers/runtime/http/addresses.ts";
import { createHttpClient, type HttpClient } from "../../../keepers/runtime/http/client.ts";
import { HttpError } from "../../../keepers/runtime/http/errors.ts";

use(chaiAsPromised);

const LOOPBACK = ["127.0.0.0/8", "::1"];

async function failure(attempt: Promise<unknown>): Promise<HttpError> {
  const error = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).instanceOf(HttpError);
  return error as HttpError;
}

/** A resolver that gives each of its answers once, and the last one for ever. */
function resolver(...answers: string[][]): LookupFunction {
  let turn = 0;
  return (_name, _options, callback) => {
    const answer = answers[Math.min(turn++, answers.length - 1)] ?? [];
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
}

describe("guarded HTTP client", () => {
  let server: Server;
  let client: HttpClient;
  let base: string;
  let port: number;
  let handler: RequestListener;
  let requests: number;

  beforeEach(async () => {
    requests = 0;
    handler = (_request, response) => void response.end("hello");
    server = createServer((request, response) => {
      requests++;
      handler(request, response);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    port = (server.address() as AddressInfo).port;
    base = `http://127.0.0.1:${port}`;
    client = createHttpClient({ allowPrivate: LOOPBACK });
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it("sends method, headers and body, and gives back status, headers and bytes", async () => {
    handler = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(201, { "x-seen": `${request.method} ${request.url} ${request.headers["x-a"]}` });
        response.end(Buffer.concat(chunks).reverse());
      });
    };
    const body = new Uint8Array([1, 2, 3]);
    const answer = await client.request(`${base}/p?q=1`, { method: "PUT", headers: { "x-a": "b" }, body });
    expect(answer.status).equal(201);
    expect(answer.headers["x-seen"]).equal("PUT /p?q=1 b");
    expect([...answer.body]).deep.equal([3, 2, 1]);
  });

  describe("where it may go", () => {
    const refusedEverywhere = [
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "10.255.255.255",
      "100.64.0.1",
      "100.127.255.255",
      "127.0.0.1",
      "127.1.2.3",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.0.0.1",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.1.1",
      "198.18.0.1",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.1",
      "224.0.0.1",
      "239.255.255.255",
      "240.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::7f00:1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::ffff:10.0.0.1",
      "0:0:0:0:0:ffff:a9fe:a9fe",
      "64:ff9b::127.0.0.1",
      "64:ff9b::a00:1",
      "64:ff9b:1::1",
      "100::1",
      "2001::1",
      "2001:db8::1",
      "2002:7f00:1::1",
      "3fff::1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "fe80::1%eth0",
      "fec0::1",
      "ff02::1",
      "no address",
      "",
    ];
    const allowed = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1"];
    allowed.push(
      "128.0.0.1",
      "172.15.0.1",
      "172.32.0.1",
      "192.167.0.1",
      "198.17.0.1",
      "198.20.0.1",
      "223.255.255.255",
    );
    allowed.push("2606:4700::1111", "2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808");

    for (const address of refusedEverywhere) {
      it(`not to ${address || "nothing"}`, () => expect(createAddressRule(false)(address)).equal(false));
    }
    for (const address of allowed) {
      it(`to ${address}`, () => expect(createAddressRule(false)(address)).equal(true));
    }

    it("to listed ranges besides, and to everything when told so", () => {
      const listed = createAddressRule(["10.1.0.0/16", "fd00::/8", "192.168.1.7"]);
      expect(listed("10.1.2.3")).equal(true);
      expect(listed("::ffff:10.1.2.3")).equal(true);
      expect(listed("10.2.0.0")).equal(false);
      expect(listed("fd12::1")).equal(true);
      expect(listed("fc12::1")).equal(false);
      expect(listed("192.168.1.7")).equal(true);
      expect(listed("192.168.1.8")).equal(false);
      expect(createAddressRule(true)("127.0.0.1")).equal(true);
      expect(createAddressRule(true)("nonsense")).equal(false);
    });

    it("refuses ranges it can't read", () => {
      for (const range of [
        "",
        "10.0.0.0/33",
        "10.0.0/8",
        "fd00::/129",
        "10.0.0.0/-1",
        "10.0.0.0/x",
        "host/8",
      ]) {
        expect(() => createAddressRule([range]), range).throw(/is no address range/);
      }
    });

    it("knows this machine", () => {
      for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "0:0::1", "::ffff:127.0.0.1"]) {
        expect(isLoopback(host), host).equal(true);
      }
      for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "::2", ""]) {
        expect(isLoopback(host), host).equal(false);
      }
    });

    const spellings = [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0x7f.1",
      "0177.0.0.1",
      "017700000001",
    ];
    spellings.push(
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:0:0:1]",
      "127.0.0.1.",
      "①②⑦.0.0.1",
    );
    spellings.push("localhost", "0", "0x0", "%31%32%37.0.0.1");
    for (const host of spellings) {
      it(`refuses a server on this machine spelled ${host}, without a connection`, async () => {
        const closed = createHttpClient();
        const error = await failure(closed.request(`http://${host}:${port}/`));
        expect(error).include({ code: "http/refused-address", retry: false });
        expect(requests).equal(0);
        await closed.close();
      });
    }

    it("refuses a name that leads to a private address, and one that leads nowhere", async () => {
      for (const answer of [["10.0.0.1"], ["127.0.0.1", "::1"], ["::ffff:127.0.0.1"], []]) {
        const closed = createHttpClient({ lookup: resolver(answer) });
        const error = await failure(closed.request(`http://harmless.example:${port}/`));
        expect(error.code).equal("http/refused-address");
        await closed.close();
      }
      expect(requests).equal(0);
    });

    it("judges the very answer it connects to when a name changes (DNS rebinding)", async () => {
      const lookup = resolver(["127.0.0.9"], ["10.0.0.1"]);
      const rebound = createHttpClient({ allowPrivate: ["10.0.0.1"], lookup });
      // The first answer is refused; had there been a check before and a second look-up at connect, 10.0.0.1 would be dialled.
      expect((await failure(rebound.request(`http://rebind.example:${port}/`))).code).equal(
        "http/refused-address",
      );
      await rebound.close();
      const flip = createHttpClient({
        allowPrivate: ["127.0.0.1"],
        lookup: resolver(["127.0.0.1"], ["127.0.0.2"]),
      });
      handler = (_request, response) => void response.writeHead(200, { connection: "close" }).end("first");
      expect((await flip.request(`http://rebind.example:${port}/`)).status).equal(200);
      expect((await failure(flip.request(`http://rebind.example:${port}/`))).code).equal(
        "http/refused-address",
      );
      expect(requests).equal(1);
      await flip.close();
    });

    it("drops refused addresses of a name and takes its allowed ones", async () => {
      const mixed = createHttpClient({
        allowPrivate: ["127.0.0.1"],
        lookup: resolver(["10.0.0.1", "127.0.0.1"]),
      });
      expect((await mixed.request(`http://mixed.example:${port}/`)).status).equal(200);
      await mixed.close();
    });

    const badUrls: [string, string][] = [
      ["ftp://1.1.1.1/", "http/bad-scheme"],
      ["file:///etc/passwd", "http/bad-scheme"],
      ["data:text/plain,hi", "http/bad-scheme"],
      ["javascript:alert(1)", "http/bad-scheme"],
      ["unix:/run/docker.sock", "http/bad-scheme"],
      ["http://user@127.0.0.1/", "http/credentials-in-url"],
      ["http://:pw@127.0.0.1/", "http/credentials-in-url"],
      ["", "http/bad-url"],
      ["//host/", "http/bad-url"],
      ["http://[::1", "http/bad-url"],
      ["http://300.1.1.1/", "http/bad-url"],
      ["not a url", "http/bad-url"],
    ];
    for (const [url, code] of badUrls) {
      it(`refuses ${url || "an empty URL"}`, async () => {
        const error = await failure(client.request(url));
        expect(error).include({ code, retry: false });
        expect(error.message).not.include("pw@");
      });
    }
  });

  describe("what may come back", () => {
    it("does not follow redirects", async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        handler = (_request, response) => void response.writeHead(status, { location: "/elsewhere" }).end();
        expect(await failure(client.request(base))).include({ code: "http/redirect", status, retry: false });
      }
      expect(requests).equal(5);
    });

    it("refuses an announced size before reading, and an unannounced one while reading", async () => {
      let sent = 0;
      handler = (_request, response) =>
        void response.writeHead(200, { "content-length": "1000" }).end(Buffer.alloc(1000));
      expect(await failure(client.request(base, { maxBytes: 999 }))).include({
        code: "http/too-large",
        retry: false,
      });
      handler = (_request, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const pump = (): void => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          response.once("drain", pump);
        };
        pump();
      };
      expect((await failure(client.request(base, { maxBytes: 100_000 }))).code).equal("http/too-large");
      expect(sent).below(64 * 1024 * 1024);
    });

    it("takes a body of exactly the limit", async () => {
      handler = (_request, response) => void response.end(Buffer.alloc(1000, 7));
      expect((await client.request(base, { maxBytes: 1000 })).body).length(1000);
    });

    it("does not unpack: a zip bomb stays small", async () => {
      handler = (_request, response) =>
        void response.writeHead(200, { "content-encoding": "gzip" }).end("tiny");
      expect((await client.request(base, { maxBytes: 10 })).body).length(4);
    });

    it("refuses endless headers", async () => {
      const endless = createTcpServer((socket) => {
        socket.on("error", () => undefined);
        socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(10_000)}`);
      });
      await new Promise<void>((done) => endless.listen(0, "127.0.0.1", done));
      const { port: other } = endless.address() as AddressInfo;
      expect((await failure(client.request(`http://127.0.0.1:${other}/`))).code).equal("http/network");
      endless.close();
    });

    it("says whether a retry may help, and what the peer said", async () => {
      const retryable = [408, 425, 429, 500, 502, 503, 504];
      for (const status of [...retryable, 400, 401, 403, 404, 409, 413]) {
        handler = (_request, response) => void response.writeHead(status).end("no");
        const error = await failure(client.request(base));
        expect(error).include({ code: "http/status", status, retry: retryable.includes(status) });
      }
      handler = (_request, response) => {
        response.writeHead(507, { "content-type": "application/problem+json" });
        response.end(
          JSON.stringify({ code: "storage/quota-exceeded", detail: "full\u001b[2J\nforged line" }),
        );
      };
      const { problem } = await failure(client.request(base));
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
        handler = (_request, response) =>
          void response.writeHead(400, { "content-type": "application/problem+json" }).end(body);
        const error = await failure(client.request(base));
        expect(error).include({ code: "http/status", status: 400, problem: undefined });
      }
    });
  });

  describe("how long it waits", () => {
    it("gives up on silence before and inside the answer", async () => {
      handler = () => undefined;
      expect(await failure(client.request(base, { timeoutMs: 50 }))).include({
        code: "http/timeout",
        retry: true,
      });
      handler = (_request, response) => void response.writeHead(200).write("begun");
      expect((await failure(client.request(base, { timeoutMs: 50 }))).code).equal("http/timeout");
    });

    it("gives up on a drip that never ends, although something always comes", async () => {
      handler = (_request, response) => {
        const timer = setInterval(() => response.write("."), 10);
        response.once("close", () => clearInterval(timer));
      };
      expect((await failure(client.request(base, { timeoutMs: 150 }))).code).equal("http/timeout");
    });

    it("stops with the caller's reason when aborted before, during or in the body", async () => {
      const reason = new Error("stop");
      await expect(client.request(base, { signal: AbortSignal.abort(reason) })).rejectedWith(reason);
      expect(requests).equal(0);
      const waiting = new AbortController();
      handler = () => waiting.abort(reason);
      await expect(client.request(base, { signal: waiting.signal })).rejectedWith(reason);
      const reading = new AbortController();
      handler = (_request, response) => {
        response.writeHead(200).write("begun");
        setTimeout(() => reading.abort(reason), 20);
      };
      await expect(client.request(base, { signal: reading.signal })).rejectedWith(reason);
    });

    it("says that nobody answers, and that a retry may help", async () => {
      await new Promise((done) => server.close(done));
      expect(await failure(client.request(base))).include({ code: "http/network", retry: true });
    });

    it("survives answers that are no HTTP", async () => {
      const sockets: Socket[] = [];
      const rude = createTcpServer(
        (socket) => void sockets.push(socket.on("error", () => undefined)).valueOf(),
      );
      rude.on("connection", (socket) => void socket.end("SSH-2.0-rude\r\n"));
      await new Promise<void>((done) => rude.listen(0, "127.0.0.1", done));
      const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/`;
      expect((await failure(client.request(url))).code).equal("http/network");
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
      handler = (_request, response) => {
        most = Math.max(most, ++running);
        held.push(() => {
          running--;
          response.end("ok");
        });
      };
      const answers = Array.from({ length: 5 }, () => small.request(base));
      expect(await failure(small.request(base))).include({ code: "http/busy", retry: true });
      const pump = setInterval(() => held.shift()?.(), 5);
      expect((await Promise.all(answers)).map(({ status }) => status)).deep.equal([200, 200, 200, 200, 200]);
      clearInterval(pump);
      expect(most).equal(2);
      await small.close();
    });

    it("refuses a request whose header could smuggle another", async () => {
      const error = await failure(client.request(base, { headers: { "x-a": "b\r\nhost: evil" } }));
      expect(error).include({ code: "http/invalid-request", retry: false });
      expect(requests).equal(0);
    });
  });
});
