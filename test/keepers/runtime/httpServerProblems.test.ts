import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { FatalError, RetryableError } from "../../../keepers/runtime/errors.ts";
import { setUpServers } from "./httpServers.ts";

describe("HTTP server", () => {
  const { log, open } = setUpServers();

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
});
