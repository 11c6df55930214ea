import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { keccak256, Wallet, ZeroHash } from "ethers";
import { checkDeployment, contractOf, type Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import { readDeployment } from "../../../keepers/runtime/chain/deploymentFile.ts";
import { hashDeployment, identifyChain } from "../../../keepers/runtime/chain/identity.ts";
import { createProvider, redactRpcUrl } from "../../../keepers/runtime/chain/provider.ts";
import { startAnvil, startHardhat, type TestChain } from "./chains.ts";
import { temporaryDirectory } from "./temporary.ts";
import { deployToken } from "./token.ts";

use(chaiAsPromised);

describe("chain provider", () => {
  let server: Server;
  let answer: (method: string) => { status: number; body: string } | undefined;

  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => {
        body += part.toString();
      });
      request.on("end", () => {
        const reply = answer(body);
        if (reply !== undefined) response.writeHead(reply.status).end(reply.body);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const url = () => `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/key?token=secret`;

  for (const [what, reply, code] of [
    ["not JSON", { status: 200, body: "<html>" }, "chain/not-a-node"],
    ["no result", { status: 200, body: '{"jsonrpc":"2.0","id":1}' }, "chain/not-a-node"],
    ["an error page", { status: 404, body: "" }, "chain/not-a-node"],
    ["silence", undefined, "chain/unreachable"],
  ] as const) {
    it(`says what answers when it is ${what}, and keeps the URL's secrets`, async () => {
      answer = () => reply;
      const error = await createProvider(url(), { timeoutMs: 300 }).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", code);
      expect(String(error)).not.to.include("secret");
    });
  }

  it("says when nobody answers, and refuses what is no web address", async () => {
    const error = createProvider("http://127.0.0.1:1");
    await expect(error).to.be.rejected.and.eventually.have.property("code", "chain/unreachable");
    for (const bad of ["", "ws://127.0.0.1:1", "127.0.0.1:8545", "file:///etc/passwd"]) {
      await expect(createProvider(bad)).to.be.rejected.and.eventually.have.property(
        "code",
        "chain/bad-rpc-url",
      );
    }
    expect(redactRpcUrl(url())).not.to.include("secret");
  });
});

for (const [name, start] of [
  ["anvil", () => startAnvil()],
  ["hardhat", startHardhat],
] as const) {
  describe(`chain identity and deployment on ${name}`, () => {
    let chain: TestChain;
    let deployment: Deployment;

    before(async () => {
      chain = await start();
      const { address } = await deployToken(chain.provider);
      const codeHash = keccak256(await chain.provider.getCode(address));
      const contract = { address, codeHash, block: 1, transaction: ZeroHash, arguments: ["0x00"] };
      deployment = { chainId: 31_337, contracts: { MyceliaToken: contract } };
    });

    after(() => chain.stop());

    const withToken = (change: object): Deployment => {
      const contract = { ...contractOf(deployment, "MyceliaToken"), ...change };
      return { ...deployment, contracts: { MyceliaToken: contract } };
    };

    it("names the same chain and deployment the same, and any other otherwise", async () => {
      const { directory, deploymentHash } = await identifyChain(chain.provider, deployment);
      expect(directory).to.match(/^31337-[0-9a-f]{8}-[0-9a-f]{8}$/);
      const { address } = contractOf(deployment, "MyceliaToken");
      expect(hashDeployment(withToken({ address: address.toLowerCase(), block: 9 }))).to.equal(
        deploymentHash,
      );
      for (const change of [{ address: Wallet.createRandom().address }, { codeHash: ZeroHash }]) {
        expect(hashDeployment(withToken(change))).not.to.equal(deploymentHash);
      }
      const other = await startAnvil("--timestamp", "1700000000");
      try {
        expect((await identifyChain(other.provider, deployment)).directory).not.to.equal(directory);
      } finally {
        await other.stop();
      }
      const elsewhere = identifyChain(chain.provider, { ...deployment, chainId: 1 });
      await expect(elsewhere).to.be.rejected.and.eventually.have.property("code", "chain/different-chain");
    });

    it("accepts a deployment that stands, and says which contract is missing or another", async () => {
      await checkDeployment(chain.provider, deployment);
      const missing = checkDeployment(chain.provider, withToken({ address: Wallet.createRandom().address }));
      await expect(missing)
        .to.be.rejectedWith("MyceliaToken")
        .and.eventually.have.property("code", "deployment/no-code");
      const other = checkDeployment(chain.provider, withToken({ codeHash: ZeroHash }));
      await expect(other).to.be.rejected.and.eventually.have.property("code", "deployment/other-code");
    });

    it("reads a deployment file, and refuses what is none", async () => {
      const file = join(temporaryDirectory(), "31337.json");
      await expect(readDeployment(file)).to.be.rejected.and.eventually.have.property(
        "code",
        "deployment/unreadable",
      );
      writeFileSync(file, JSON.stringify(deployment));
      expect(await readDeployment(file)).to.deep.equal(deployment);
      for (const bad of [
        "{",
        "[]",
        "{}",
        JSON.stringify(withToken({ address: "0x12" })),
        '{"chainId":"1"}',
      ]) {
        writeFileSync(file, bad);
        await expect(readDeployment(file)).to.be.rejectedWith(file);
      }
      expect(() => contractOf(deployment, "constructor")).to.throw("has no constructor");
    });
  });
}
