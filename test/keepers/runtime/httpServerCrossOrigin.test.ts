import { expect } from "chai";
import { setUpServers } from "./httpServers.ts";

const PAGE = "https://app.example";
const METHOD = "access-control-request-method";

describe("HTTP server: pages of other origins", () => {
  const { open } = setUpServers();

  async function serve(origins?: readonly string[]): Promise<string> {
    const server = open({ ...(origins && { origins }) });
    server.get("/rows", async (_request, reply) => reply.header("x-row", "1").send("rows"));
    server.put("/rows", async () => "stored");
    return await server.serve();
  }

  function ask(url: string, path: string, origin?: string, method = "GET", headers = {}): Promise<Response> {
    return fetch(`${url}${path}`, { method, headers: { ...(origin && { origin }), ...headers } });
  }

  it("tells no page anything unless an operator lets it", async () => {
    const url = await serve();
    const answer = await ask(url, "/rows", PAGE);
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).to.deep.equal([200, null]);
    const ahead = await ask(url, "/rows", PAGE, "OPTIONS", { [METHOD]: "PUT" });
    expect([ahead.status, ahead.headers.get("access-control-allow-methods")]).to.deep.equal([404, null]);
  });

  it("lets the pages of the origins that are named, and no others, ask and read", async () => {
    const url = await serve([PAGE]);
    const answer = await ask(url, "/rows", PAGE);
    expect(answer.headers.get("access-control-allow-origin")).to.equal(PAGE);
    expect(answer.headers.get("access-control-expose-headers")).to.equal("*");
    expect(answer.headers.get("access-control-allow-credentials")).to.equal(null);
    expect(answer.headers.get("vary")).to.equal("origin");
    for (const other of [
      `${PAGE}.evil`,
      "http://app.example",
      `${PAGE}:444`,
      "null",
      "",
      "http://127.0.0.1",
    ]) {
      const { headers } = await ask(url, "/rows", other);
      expect(headers.get("access-control-allow-origin"), other).to.equal(null);
      expect(headers.get("vary"), other).to.equal("origin");
    }
  });

  it("answers what a browser asks ahead, for what it would send", async () => {
    const url = await serve([PAGE]);
    const asked = { [METHOD]: "PUT", "access-control-request-headers": "authorization,content-type" };
    const { status, headers } = await ask(url, "/rows", PAGE, "OPTIONS", asked);
    expect(status).to.equal(204);
    expect(headers.get("access-control-allow-origin")).to.equal(PAGE);
    expect(headers.get("access-control-allow-methods")).to.include("PUT");
    expect(headers.get("access-control-allow-headers")).to.equal("authorization,content-type");
    expect(headers.get("access-control-allow-private-network")).to.equal(null);
    const near = { ...asked, "access-control-request-private-network": "true" };
    const allowed = await ask(url, "/rows", PAGE, "OPTIONS", near);
    expect(allowed.headers.get("access-control-allow-private-network")).to.equal("true");
    const foreign = await ask(url, "/rows", "https://other.example", "OPTIONS", near);
    expect([foreign.status, foreign.headers.get("access-control-allow-methods")]).to.deep.equal([404, null]);
  });

  it("lets pages read what went wrong, but nothing that is for the operator", async () => {
    const url = await serve(["*"]);
    const missing = await ask(url, "/nothing", PAGE);
    expect([missing.status, missing.headers.get("access-control-allow-origin")]).to.deep.equal([404, PAGE]);
    for (const path of ["/metrics", "/status", "/metrics?x=1"])
      expect((await ask(url, path, PAGE)).headers.get("access-control-allow-origin"), path).to.equal(null);
  });

  it("knows pages of this machine by their host, from any port", async () => {
    const url = await serve(["loopback"]);
    for (const own of [
      "http://localhost:5173",
      "http://127.0.0.1:8080",
      "http://[::1]:1",
      "https://localhost",
    ])
      expect((await ask(url, "/rows", own)).headers.get("access-control-allow-origin"), own).to.equal(own);
    for (const other of [PAGE, "http://localhost.example", "http://127.0.0.1.example", "null", "file://"])
      expect((await ask(url, "/rows", other)).headers.get("access-control-allow-origin"), other).to.equal(
        null,
      );
  });

  it("refuses a list with what is no origin", () => {
    for (const origin of ["app.example", `${PAGE}/`, "https://APP.example", "ftp://app.example", "", "null"])
      expect(() => open({ origins: [origin] }), origin).throw(/is no origin of a page/);
  });
});
