import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { DocumentedKeeper } from "../documentedKeeper.ts";
import { freePort } from "../storage/network.ts";
import { GATEWAY_ACCOUNT, GatewayNetwork } from "./gatewayNetwork.ts";

const PORT = 9000;

interface Written {
  readonly http: object;
  readonly gateway: object;
}

describe("gateway: what its page says", () => {
  let network: GatewayNetwork;
  let keeper: DocumentedKeeper;

  before(async () => {
    network = await GatewayNetwork.start("by itself");
    keeper = new DocumentedKeeper("docs/keepers/gateway.md");
  });

  after(async () => {
    await keeper.remove();
    await network.stop();
  });

  it("starts the command with the files that stand there, and runs the program", async () => {
    const port = await freePort();
    const credentialsFile = keeper.place("access.json", keeper.block("json access.json"));
    await keeper.start<Written>("gateway", {
      ...{ network: network.network, account: GATEWAY_ACCOUNT, port },
      adapt: ({ gateway }) => ({ gateway: { ...gateway, credentialsFile } }),
    });
    const code = keeper.block("ts").replaceAll(String(PORT), String(port));
    const file = keeper.place("program.ts", code);
    const result = (await import(pathToFileURL(file).href)) as { text: string; same: string };
    expect(result).to.include({ text: "hello", same: "hello" });
  });
});
