import { readFileSync } from "node:fs";
import { expect } from "chai";
import { encodeStreamBatch, type StreamBatch } from "../../../../keepers/kv/format/streamBatch.ts";
import { StreamState } from "../../../../keepers/kv/state/streamState.ts";
import { openLmdbEngine } from "../../../../keepers/runtime/store/lmdbEngine.ts";
import { temporaryDirectory } from "../../runtime/temporary.ts";

const page = readFileSync(new URL("../../../../docs/keepers/kv-format.md", import.meta.url), "utf8");
/** The lines of hex on the page: the batch, and the two roots. */
const [, first, second, empty, taken] = page
  .split(/^ {4}/m)
  .map((block) => block.split("\n")[0]!.replaceAll(" ", ""));

const batch: StreamBatch = {
  seen: 5n,
  reads: [Buffer.from("r")],
  writes: [
    { key: Buffer.from("k"), value: Buffer.from("vv") },
    { key: Buffer.from("d"), value: undefined },
  ],
  controls: [{ kind: "grantKeyWriter", key: Buffer.from("k"), account: Buffer.alloc(20, 0x22) }],
};

describe("kv: vectors of the format page", () => {
  it("has the batch's bytes", () => {
    expect(encodeStreamBatch(batch).toString("hex")).to.equal(`${first}${second}`);
  });

  it("has the roots of the stream without it and with it", async () => {
    const engine = openLmdbEngine(temporaryDirectory());
    const owner = Buffer.alloc(20, 0xaa);
    const stream = await StreamState.open(engine, Buffer.concat([owner, Buffer.alloc(12)]));
    expect(stream.head.root.toString("hex")).to.equal(empty);
    const { head, outcomes } = await stream.prepare([
      { writer: owner, nonce: 0n, bytes: encodeStreamBatch(batch) },
    ]);
    expect(outcomes).to.deep.equal([{ number: 1 }]);
    expect(head.root.toString("hex")).to.equal(taken);
    await engine.close();
  });
});
