import type { Interface } from "ethers";
import { Audits__factory } from "../../typechain-types/factories/compute/Audits__factory.js";
import { Ledger__factory } from "../../typechain-types/factories/compute/Ledger__factory.js";
import { Models__factory } from "../../typechain-types/factories/compute/Models__factory.js";
import { Services__factory } from "../../typechain-types/factories/compute/Services__factory.js";
import { Sessions__factory } from "../../typechain-types/factories/compute/Sessions__factory.js";
import { Beacon__factory } from "../../typechain-types/factories/core/Beacon__factory.js";
import { Bonds__factory } from "../../typechain-types/factories/core/Bonds__factory.js";
import { MyceliaToken__factory } from "../../typechain-types/factories/core/MyceliaToken__factory.js";
import { Parameters__factory } from "../../typechain-types/factories/core/Parameters__factory.js";
import { Clusters__factory } from "../../typechain-types/factories/kv/Clusters__factory.js";
import { Streams__factory } from "../../typechain-types/factories/kv/Streams__factory.js";
import { Committees__factory } from "../../typechain-types/factories/storage/Committees__factory.js";
import { Endowment__factory } from "../../typechain-types/factories/storage/Endowment__factory.js";
import { ReadSessions__factory } from "../../typechain-types/factories/storage/ReadSessions__factory.js";
import { Recoverability__factory } from "../../typechain-types/factories/storage/Recoverability__factory.js";
import { StorageAudits__factory } from "../../typechain-types/factories/storage/StorageAudits__factory.js";
import { StorageLog__factory } from "../../typechain-types/factories/storage/StorageLog__factory.js";

/** Interfaces of the contracts that people and keepers call, by deployment name: they name calls, events and errors. */
export function contractInterfaces(): Map<string, Interface> {
  return new Map<string, Interface>([
    ["MyceliaToken", MyceliaToken__factory.createInterface()],
    ["Parameters", Parameters__factory.createInterface()],
    ["Bonds", Bonds__factory.createInterface()],
    ["Beacon", Beacon__factory.createInterface()],
    ["Committees", Committees__factory.createInterface()],
    ["StorageLog", StorageLog__factory.createInterface()],
    ["Endowment", Endowment__factory.createInterface()],
    ["StorageAudits", StorageAudits__factory.createInterface()],
    ["Recoverability", Recoverability__factory.createInterface()],
    ["ReadSessions", ReadSessions__factory.createInterface()],
    ["Models", Models__factory.createInterface()],
    ["Ledger", Ledger__factory.createInterface()],
    ["Services", Services__factory.createInterface()],
    ["Sessions", Sessions__factory.createInterface()],
    ["Streams", Streams__factory.createInterface()],
    ["Clusters", Clusters__factory.createInterface()],
    ["Audits", Audits__factory.createInterface()],
  ]);
}
