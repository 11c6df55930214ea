import type { LookupFunction } from "node:net";
import { expect } from "chai";
import { createHttpClient } from "../../../keepers/runtime/http/client.ts";
import { failure, setUpPeer } from "./httpPeer.ts";

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
  const peer = setUpPeer();

  describe("where it may go", () => {
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
        const error = await failure(closed.request(`http://${host}:${peer.port}/`));
        expect(error).include({ code: "http/refused-address", retry: false });
        expect(peer.requests).equal(0);
        await closed.close();
      });
    }

    it("refuses a name that leads to a private address, and one that leads nowhere", async () => {
      for (const answer of [["10.0.0.1"], ["127.0.0.1", "::1"], ["::ffff:127.0.0.1"], []]) {
        const closed = createHttpClient({ lookup: resolver(answer) });
        const error = await failure(closed.request(`http://harmless.example:${peer.port}/`));
        expect(error.code).equal("http/refused-address");
        await closed.close();
      }
      expect(peer.requests).equal(0);
    });

    it("judges the very answer it connects to when a name changes (DNS rebinding)", async () => {
      const lookup = resolver(["127.0.0.9"], ["10.0.0.1"]);
      const rebound = createHttpClient({ allowPrivate: ["10.0.0.1"], lookup });
      // The first answer is refused; had there been a check before and a second look-up at connect, 10.0.0.1 would be dialled.
      expect((await failure(rebound.request(`http://rebind.example:${peer.port}/`))).code).equal(
        "http/refused-address",
      );
      await rebound.close();
      const flip = createHttpClient({
        allowPrivate: ["127.0.0.1"],
        lookup: resolver(["127.0.0.1"], ["127.0.0.2"]),
      });
      peer.handler = (_request, response) =>
        void response.writeHead(200, { connection: "close" }).end("first");
      expect((await flip.request(`http://rebind.example:${peer.port}/`)).status).equal(200);
      expect((await failure(flip.request(`http://rebind.example:${peer.port}/`))).code).equal(
        "http/refused-address",
      );
      expect(peer.requests).equal(1);
      await flip.close();
    });

    it("drops refused addresses of a name and takes its allowed ones", async () => {
      const mixed = createHttpClient({
        allowPrivate: ["127.0.0.1"],
        lookup: resolver(["10.0.0.1", "127.0.0.1"]),
      });
      expect((await mixed.request(`http://mixed.example:${peer.port}/`)).status).equal(200);
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
        const error = await failure(peer.client.request(url));
        expect(error).include({ code, retry: false });
        expect(error.message).not.include("pw@");
      });
    }
  });
});
