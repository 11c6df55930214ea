import { expect } from "chai";
import { setUpServers } from "./httpServers.ts";

describe("HTTP server", () => {
  const { client, open } = setUpServers();

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
});
