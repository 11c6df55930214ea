import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { BucketSettings } from "../../../../keepers/storage/bucket/settings.ts";
import { codeOfRejection } from "../codes.ts";
import { BucketStores } from "./bucketStores.ts";

const MOVED =
  "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

describe("storage: whose a bucket's rows are, and what a start says", () => {
  const stores = BucketStores.use();

  it("lets one node write under a prefix, and no other", async () => {
    const node = await stores.start({ settings: { beatMs: 100 } });
    const known = await stores.put(node);
    const other = { deployment: "1/0x00", operator: `0x${"0b".repeat(20)}` };
    expect(await codeOfRejection(stores.start({ index: "b", options: { owner: other } }))).to.equal(
      "storage/rows-of-another",
    );
    expect(await codeOfRejection(stores.start({ index: "c", settings: { beatMs: 300 } }))).to.equal(
      "storage/rows-in-use",
    );
    await stores.expectHeld(node, await stores.put(node));
    await stores.close(node);
    // It has gone and said so: whoever has its key may go on, without its index.
    const again = await stores.start({ index: "d" });
    await stores.expectHeld(again, known);
  });

  it("hands over an instance's rows once it is silent, and that one then writes nothing any more", async () => {
    const taken: string[] = [];
    const beatMs = 500;
    const node = await stores.start({
      settings: { beatMs },
      options: { onTaken: ({ code }) => taken.push(code) },
    });
    const known = await stores.put(node);
    await stores.proxy.down();
    const waits: number[] = [];
    const heir = await stores.start({
      index: "heir",
      settings: { beatMs, endpoint: stores.home.server.url },
      options: { onWait: (milliseconds) => waits.push(milliseconds) },
    });
    expect(waits).to.deep.equal([4 * beatMs]);
    await stores.proxy.up();
    expect(await codeOfRejection(stores.put(node))).to.equal("storage/write-failed");
    expect(taken).to.deep.equal(["storage/rows-taken"]);
    expect(await codeOfRejection(stores.put(node))).to.equal("storage/write-failed");
    for (const each of [known, await stores.put(heir)]) await stores.expectHeld(heir, each);
  });

  it("says in plain words at the start what is wrong with the settings", async () => {
    const file = join(stores.directory, "wrong.json");
    await writeFile(file, JSON.stringify({ accessKeyId: "rows:node", secretAccessKey: "not the secret" }), {
      mode: 0o600,
    });
    const codeWith = (settings: Partial<BucketSettings>) => codeOfRejection(stores.start({ settings }));
    expect(await codeWith({ credentialsFile: file })).to.equal("storage/bucket-refused");
    expect(await codeWith({ bucket: "no-such-bucket" })).to.equal("storage/no-bucket");
    expect(await codeWith({ endpoint: "http://192.0.2.1" })).to.equal("storage/insecure-endpoint");
    expect(await codeWith({ endpoint: "ftp://127.0.0.1" })).to.equal("storage/bad-endpoint");
    expect(await codeWith({ endpoint: "https://key:secret@127.0.0.1" })).to.equal("storage/bad-endpoint");
    expect(await codeWith({ credentialsFile: join(stores.directory, "none") })).to.equal(
      "storage/no-credentials-file",
    );
    await writeFile(file, "{");
    expect(await codeWith({ credentialsFile: file })).to.equal("storage/bad-credentials-file");
    await chmod(file, 0o644);
    expect(await codeWith({ credentialsFile: file })).to.equal("keys/open-permissions");
    stores.proxy.plan("GET", { kind: "answer", text: MOVED });
    expect(await codeWith({})).to.equal("storage/bucket-elsewhere");
    stores.proxy.heal();
    await stores.home.put("owner.json", Buffer.from("somebody else's"));
    expect(await codeWith({})).to.equal("storage/not-rows");
  });
});
