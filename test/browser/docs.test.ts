import { readFileSync } from "node:fs";
import { expect } from "chai";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { useVisit } from "./visit.ts";

describe("browser: what the docs say", function () {
  this.timeout(180_000);
  const visit = useVisit();

  it("the program of the page on browsers runs in one", async () => {
    const [, program = ""] = /^```js\n([\s\S]*?)^```$/m.exec(readFileSync("docs/browser.md", "utf8")) ?? [];
    const { devnet, page } = visit();
    const settings = {
      rpcUrl: devnet.state().rpcUrl,
      deploymentText: readFileSync(devnet.state().deployment, "utf8"),
      kvNodes: [devnet.process("kv-1").url],
      privateKey: devnetWallet("user").privateKey,
    };
    const text = `const settings = ${JSON.stringify(settings)};\n${program}`;
    const found = await page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      const { colour, found: path, picture, put, state } = await import(url);
      return { colour, path, size: picture.size, stored: put.state, state };
    }, text);
    expect(found).to.deep.equal({
      ...{ colour: "green", path: "kv/unknown-cluster", size: 50_000, stored: "full", state: "taken" },
    });
  });
});
