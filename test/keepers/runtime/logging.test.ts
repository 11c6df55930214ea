import { expect } from "chai";
import { FatalError } from "../../../keepers/runtime/errors.ts";
import { createLogger } from "../../../keepers/runtime/logging/logger.ts";

function capture() {
  const lines: string[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    format: "json",
    stream: { write: (line) => void lines.push(line) },
  });
  const last = () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
  return { logger, lines, last };
}

describe("logging", () => {
  it("blanks secrets at any depth, in children and in errors", () => {
    const { logger, lines } = capture();
    logger.info(
      { password: "hunter2", a: { b: { privateKey: "hunter2" } }, list: [{ Authorization: "hunter2" }] },
      "x",
    );
    logger.child({ secret: "hunter2" }).info({ "x-payment-signature": "hunter2" }, "x");
    logger.error({ err: new FatalError("a/b", "no", { apiKey: "hunter2" }) }, "x");
    const cause = new Error("at redis://me:hunter2@box/0");
    logger.error(new Error("outer", { cause }));
    logger.error(cause);
    logger.info({ url: new URL("https://me:hunter2@box/") }, "x");
    logger.info("at redis://me:hunter2@box/0");
    expect(lines.filter((l) => l.includes("hunter2"))).deep.equal([]);
    expect(lines).length(7);
    expect(lines.join("")).not.include("hunter2");
  });

  it("shows what users sent only as a hash and a length", () => {
    const { logger, lines, last } = capture();
    logger.info({ prompt: "my diagnosis", messages: [{ role: "user", content: "my diagnosis" }] }, "asked");
    expect(lines.join("")).not.include("diagnosis");
    expect(last().prompt).match(/^sha256:[0-9a-f]{16} \(12 bytes\)$/);
  });

  it("keeps codes and details of errors, bigints and bytes readable", () => {
    const { logger, last } = capture();
    logger.warn(
      { err: new FatalError("a/b", "too much", { wei: 5n }), wei: 7n, bytes: new Uint8Array(3) },
      "refused",
    );
    expect(last()).include({ level: "warn", msg: "refused", wei: "7", name: "test" });
    expect(last().err).deep.include({ code: "a/b", message: "too much", details: { wei: "5" } });
    expect(last().bytes).match(/^sha256:.* \(3 bytes\)$/);
  });

  it("survives endless and huge objects", () => {
    const { logger, lines } = capture();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    logger.info({ loop, many: Array.from({ length: 10_000 }, (_, i) => i) }, "x");
    expect(lines.join("")).include("[deep]");
    expect(lines.join("").length).below(5_000);
  });

  it("is pretty when asked", () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    createLogger({ name: "test", format: "pretty", stream }).info({ password: "hunter2" }, "hello");
    expect(lines.join(""))
      .match(/INFO.*hello/)
      .and.not.include("hunter2");
  });
});
