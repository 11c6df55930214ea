import { Audits__factory } from "../../typechain-types/factories/compute/Audits__factory.js";
import { Ledger__factory } from "../../typechain-types/factories/compute/Ledger__factory.js";
import { Models__factory } from "../../typechain-types/factories/compute/Models__factory.js";
import { Services__factory } from "../../typechain-types/factories/compute/Services__factory.js";
import { Sessions__factory } from "../../typechain-types/factories/compute/Sessions__factory.js";
import { Beacon__factory } from "../../typechain-types/factories/core/Beacon__factory.js";
import { BlockHashSource__factory } from "../../typechain-types/factories/core/BlockHashSource__factory.js";
import { Bonds__factory } from "../../typechain-types/factories/core/Bonds__factory.js";
import { Emission__factory } from "../../typechain-types/factories/core/Emission__factory.js";
import { Modules__factory } from "../../typechain-types/factories/core/Modules__factory.js";
import { MyceliaToken__factory } from "../../typechain-types/factories/core/MyceliaToken__factory.js";
import { Parameters__factory } from "../../typechain-types/factories/core/Parameters__factory.js";
import { Treasury__factory } from "../../typechain-types/factories/core/Treasury__factory.js";
import { Authority__factory } from "../../typechain-types/factories/governance/Authority__factory.js";
import { Timelock__factory } from "../../typechain-types/factories/governance/Timelock__factory.js";
import { Clusters__factory } from "../../typechain-types/factories/kv/Clusters__factory.js";
import { Streams__factory } from "../../typechain-types/factories/kv/Streams__factory.js";
import { Committees__factory } from "../../typechain-types/factories/storage/Committees__factory.js";
import { Endowment__factory } from "../../typechain-types/factories/storage/Endowment__factory.js";
import { ReadSessions__factory } from "../../typechain-types/factories/storage/ReadSessions__factory.js";
import { Recoverability__factory } from "../../typechain-types/factories/storage/Recoverability__factory.js";
import { StorageAudits__factory } from "../../typechain-types/factories/storage/StorageAudits__factory.js";
import { StorageLog__factory } from "../../typechain-types/factories/storage/StorageLog__factory.js";
import type { DeployStep } from "./deploy.ts";
import type { DeploySettings } from "./devnet.ts";

/** As in IBeacon.Source. */
export const blockSource = 0;

type AddressOf = (name: string) => string;

/** Looks several addresses up at once, in the order of a constructor's arguments. */
function pick(addressOf: AddressOf, ...names: string[]): string[] {
  return names.map(addressOf);
}

function corePlan(settings: DeploySettings, deployer: string): DeployStep[] {
  const genesis = [{ account: deployer, amount: settings.genesis }];
  const { timelockDelay, emissionRate, shares, epochLength, unbondDelay } = settings;
  return [
    {
      name: "Timelock",
      factory: new Timelock__factory(),
      arguments: () => [timelockDelay, [deployer], [deployer]],
    },
    { name: "Authority", factory: new Authority__factory(), arguments: () => [deployer] },
    { name: "MyceliaToken", factory: new MyceliaToken__factory(), arguments: (at) => pick(at, "Emission") },
    { name: "Treasury", factory: new Treasury__factory(), arguments: (at) => pick(at, "Authority") },
    {
      name: "Emission",
      factory: new Emission__factory(),
      arguments: (at) => [...pick(at, "Authority", "MyceliaToken"), genesis, emissionRate, shares],
    },
    {
      name: "Parameters",
      factory: new Parameters__factory(),
      arguments: (at) => [at("Authority"), epochLength],
    },
    { name: "Modules", factory: new Modules__factory(), arguments: (at) => pick(at, "Authority") },
    {
      name: "Bonds",
      factory: new Bonds__factory(),
      arguments: (at) => [...pick(at, "MyceliaToken", "Treasury"), unbondDelay],
    },
    { name: "BlockHashSource", factory: new BlockHashSource__factory(), arguments: () => [] },
    {
      name: "Beacon",
      factory: new Beacon__factory(),
      arguments: (at) => pick(at, "Authority", "MyceliaToken"),
    },
  ];
}

function storagePlan(): DeployStep[] {
  return [
    {
      name: "Committees",
      factory: new Committees__factory(),
      arguments: (at) => [
        ...pick(at, "Bonds", "Parameters", "Modules", "Beacon", "Treasury", "StorageAudits"),
        blockSource,
      ],
    },
    {
      name: "Endowment",
      factory: new Endowment__factory(),
      arguments: (at) => pick(at, "MyceliaToken", "Parameters", "Treasury", "StorageLog", "StorageAudits"),
    },
    {
      name: "StorageLog",
      factory: new StorageLog__factory(),
      arguments: (at) => pick(at, "MyceliaToken", "Parameters", "Modules", "Committees", "Endowment"),
    },
    {
      name: "StorageAudits",
      factory: new StorageAudits__factory(),
      arguments: (at) => [
        ...pick(at, "Bonds", "Parameters", "Beacon"),
        blockSource,
        ...pick(at, "Committees", "StorageLog", "Endowment", "Recoverability"),
      ],
    },
    {
      name: "Recoverability",
      factory: new Recoverability__factory(),
      arguments: (at) => [
        ...pick(at, "Parameters", "Beacon"),
        blockSource,
        ...pick(at, "Committees", "StorageLog", "StorageAudits", "Treasury"),
      ],
    },
    {
      name: "ReadSessions",
      factory: new ReadSessions__factory(),
      arguments: (at) => pick(at, "MyceliaToken", "Parameters", "Modules", "Committees"),
    },
  ];
}

function computePlan(): DeployStep[] {
  return [
    { name: "Models", factory: new Models__factory(), arguments: () => [] },
    { name: "Ledger", factory: new Ledger__factory(), arguments: (at) => pick(at, "MyceliaToken") },
    {
      name: "Services",
      factory: new Services__factory(),
      arguments: (at) => pick(at, "Bonds", "Parameters", "Modules", "Models", "Sessions", "Audits"),
    },
    {
      name: "Sessions",
      factory: new Sessions__factory(),
      arguments: (at) => [
        {
          ledger: at("Ledger"),
          services: at("Services"),
          audits: at("Audits"),
          beacon: at("Beacon"),
          modules: at("Modules"),
          parameters: at("Parameters"),
          treasury: at("Treasury"),
        },
      ],
    },
    {
      name: "Audits",
      factory: new Audits__factory(),
      arguments: (at) => pick(at, "Bonds", "Parameters", "Sessions", "Services", "Beacon"),
    },
  ];
}

function kvPlan(): DeployStep[] {
  return [
    { name: "Streams", factory: new Streams__factory(), arguments: () => [] },
    { name: "Clusters", factory: new Clusters__factory(), arguments: () => [] },
  ];
}

/** Every contract of Mycelia, in the order in which it is created. */
export function myceliaPlan(settings: DeploySettings, deployer: string): DeployStep[] {
  return [...corePlan(settings, deployer), ...storagePlan(), ...computePlan(), ...kvPlan()];
}
