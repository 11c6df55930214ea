import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeBytes32String, Interface, id, NonceManager, parseEther, Wallet } from "ethers";
import { devnetWallet } from "../../../keepers/cli/devnet/accounts.ts";
import { type ComputeContracts, connectCompute } from "../../../keepers/compute/contracts.ts";
import { EXACT_ENGINE } from "../../../keepers/compute/engine/onnxEngine.ts";
import type { ModelLoader } from "../../../keepers/compute/modelShelf.ts";
import type { Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import { devnetSettings } from "../../../scripts/deploy/devnet.ts";
import { deployMycelia } from "../../../scripts/deploy/mycelia.ts";
import { devnetParameters } from "../../../scripts/deploy/parameters.ts";
import { startAnvil, type TestChain } from "../runtime/chains.ts";
import { temporaryDirectory } from "../runtime/temporary.ts";

/** A chain with the whole deployment, a published model, and accounts with money. */
export interface Market {
  readonly chain: TestChain;
  readonly deployment: Deployment;
  readonly contracts: ComputeContracts;
  /** Digits, published and loadable. */
  readonly model: string;
  readonly load: ModelLoader;
  readonly directory: string;
  /** A fresh account with ether and tokens. */
  account(): Promise<Wallet>;
  /** Publishes another file; its id. */
  publish(file: Uint8Array): Promise<string>;
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

const TOKEN = new Interface(["function transfer(address to, uint256 value) returns (bool)"]);

export const DIGITS = readFileSync(new URL("../../../examples/digits/digits.onnx", import.meta.url));

/** @param parameters values that differ from the devnet's, by name */
export async function startMarket(parameters: Readonly<Record<string, bigint>> = {}): Promise<Market> {
  const chain = await startAnvil("--chain-id", "31337");
  const { provider } = chain;
  const deployer = new NonceManager(devnetWallet("deployer").connect(provider));
  const plan = devnetParameters.map((parameter) => ({
    ...parameter,
    value: parameters[parameter.name] ?? parameter.value,
  }));
  const deployment = await deployMycelia(deployer.signer, () => {}, devnetSettings, plan);
  deployer.reset();
  const contracts = connectCompute(deployer, deployment);
  const files = new Map<string, Uint8Array>();
  const publish = async (file: Uint8Array): Promise<string> => {
    const contentHash = `0x${createHash("sha256").update(file).digest("hex")}`;
    const storageRoot = id(contentHash);
    files.set(storageRoot, file);
    const [format, engine] = [encodeBytes32String("onnx"), encodeBytes32String(EXACT_ENGINE)];
    const model = { storageRoot, contentHash, format, engine, tiers: 1 };
    await (await contracts.models.publish(model)).wait();
    return contracts.models.idOf(model);
  };
  return {
    chain,
    deployment,
    contracts: connectCompute(provider, deployment),
    model: await publish(DIGITS),
    directory: temporaryDirectory(),
    publish,
    load: async (root) => {
      const file = files.get(root);
      if (file === undefined) throw new Error(`no object ${root}`);
      return file;
    },
    account: async () => {
      const wallet = new Wallet(Wallet.createRandom().privateKey);
      await (await deployer.sendTransaction({ to: wallet.address, value: parseEther("10") })).wait();
      const data = TOKEN.encodeFunctionData("transfer", [wallet.address, parseEther("5000")]);
      await (await deployer.sendTransaction({ to: contracts.token.address, data })).wait();
      return wallet;
    },
    pass: async (seconds) => {
      await chain.rpc("evm_increaseTime", seconds);
      await chain.rpc("evm_mine");
    },
    stop: () => chain.stop(),
  };
}
