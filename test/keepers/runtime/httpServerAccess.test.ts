import { networkInterfaces } from "node:os";
import { expect } from "chai";
import { requireSignature } from "../../../keepers/runtime/http/authentication.ts";
import type { HttpError } from "../../../keepers/runtime/http/errors.ts";
import { createSignedClient } from "../../../keepers/runtime/http/signedClient.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { JSON_TYPE, setUpServers, talk } from "./httpServers.ts";

describe("HTTP server", () => {
  const { client, open } = setUpServers();

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
});
