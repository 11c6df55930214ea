import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DocumentedKeeper } from "../../documentedKeeper.ts";
import { freePort, StorageNetwork } from "../network.ts";
import { requireSwift, SwiftServer } from "./swiftServer.ts";

const ACCOUNT = 1;

interface Written {
  readonly http: object;
  readonly storage: { readonly rows: { readonly s3: object } };
}

describe("storage: what the page on buckets says", () => {
  let network: StorageNetwork;
  let swift: SwiftServer;
  let keeper: DocumentedKeeper;

  before(async function () {
    requireSwift(this);
    swift = await SwiftServer.start();
    network = await StorageNetwork.start();
    keeper = new DocumentedKeeper("docs/keepers/storage-bucket.md");
  });

  after(async () => {
    await keeper?.remove();
    await network?.stop();
    await swift?.stop();
  });

  it("starts a node with the files that stand there, and stops it in order", async () => {
    await network.fund(ACCOUNT);
    const credentialsFile = keeper.place("bucket-key.json", keeper.block("json bucket-key.json"));
    await keeper.start<Written>("storage", {
      ...{ network, account: ACCOUNT, port: await freePort() },
      adapt: ({ storage }) => {
        const s3 = { ...storage.rows.s3, endpoint: swift.url, region: "us-east-1", credentialsFile };
        return { storage: { ...storage, rows: { s3 } } };
      },
      meanwhile: () => network.chain.rpc("anvil_mine", "0x1"),
    });
    expect(await keeper.stop()).to.equal(0);
    expect(existsSync(join(keeper.directory, "data", "rows"))).to.equal(false);
  });
});
