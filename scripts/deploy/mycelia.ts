import type { Signer } from "ethers";
import type { Deployment } from "../../keepers/runtime/chain/deployment.ts";
import { IBeacon__factory } from "../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IEmission__factory } from "../../typechain-types/factories/core/interfaces/IEmission__factory.js";
import { IModules__factory } from "../../typechain-types/factories/core/interfaces/IModules__factory.js";
import { IParameters__factory } from "../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { Authority__factory } from "../../typechain-types/factories/governance/Authority__factory.js";
import { type DeployCall, type DeployProgress, deployPlan, sendCalls, shortName } from "./deploy.ts";
import { type DeploySettings, devnetSettings } from "./devnet.ts";
import { devnetParameters, type ParameterPlan } from "./parameters.ts";
import { blockSource, myceliaPlan } from "./plan.ts";

/** Contracts that take new business under a name and a version. */
const modules = ["Committees", "StorageLog", "ReadSessions", "Services", "Sessions", "Audits"];

const treasuryShare = 3;
const adminRole = 0n;

function addressOf(deployment: Deployment, name: string): string {
  return deployment.contracts[name]?.address ?? "";
}

function parameterCalls(deployment: Deployment, parameters: readonly ParameterPlan[]): DeployCall[] {
  const contract = IParameters__factory.createInterface();
  return parameters.map(({ name, value, min, max, maxStep, cooldown }) => ({
    what: name,
    to: addressOf(deployment, "Parameters"),
    data: contract.encodeFunctionData("introduce", [shortName(name), value, { min, max, maxStep, cooldown }]),
  }));
}

function moduleCalls(deployment: Deployment): DeployCall[] {
  const contract = IModules__factory.createInterface();
  return modules.map((name) => ({
    what: `module ${name}`,
    to: addressOf(deployment, "Modules"),
    data: contract.encodeFunctionData("register", [shortName(name), addressOf(deployment, name)]),
  }));
}

function wiringCalls(deployment: Deployment): DeployCall[] {
  const source = addressOf(deployment, "BlockHashSource");
  const treasury = addressOf(deployment, "Treasury");
  return [
    {
      what: "beacon source",
      to: addressOf(deployment, "Beacon"),
      data: IBeacon__factory.createInterface().encodeFunctionData("setSource", [blockSource, source]),
    },
    {
      what: "treasury share",
      to: addressOf(deployment, "Emission"),
      data: IEmission__factory.createInterface().encodeFunctionData("setRecipient", [
        treasuryShare,
        treasury,
      ]),
    },
  ];
}

/** The last two calls: from here on only the timelock rules. */
function handOverCalls(deployment: Deployment, deployer: string): DeployCall[] {
  const contract = Authority__factory.createInterface();
  const to = addressOf(deployment, "Authority");
  const timelock = addressOf(deployment, "Timelock");
  return [
    {
      what: "timelock as admin",
      to,
      data: contract.encodeFunctionData("grantRole", [adminRole, timelock, 0]),
    },
    {
      what: "deployer steps down",
      to,
      data: contract.encodeFunctionData("renounceRole", [adminRole, deployer]),
    },
  ];
}

/** Deploys and wires the whole of Mycelia; the deployer keeps no power but to propose through the timelock. */
export async function deployMycelia(
  signer: Signer,
  onProgress: DeployProgress = () => {},
  settings: DeploySettings = devnetSettings,
  parameters: readonly ParameterPlan[] = devnetParameters,
): Promise<Deployment> {
  const deployer = await signer.getAddress();
  const deployment = await deployPlan(signer, myceliaPlan(settings, deployer), onProgress);
  const calls = [
    ...parameterCalls(deployment, parameters),
    ...moduleCalls(deployment),
    ...wiringCalls(deployment),
    ...handOverCalls(deployment, deployer),
  ];
  await sendCalls(signer, calls, onProgress);
  return deployment;
}
