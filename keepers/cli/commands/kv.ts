import { Command } from "commander";
import { addKvChainCommands } from "./kvChain.ts";
import { addKvPathCommands } from "./kvPaths.ts";
import { addKvReadCommands } from "./kvRead.ts";
import { addKvOptions } from "./kvRequest.ts";
import { addKvSignCommands, addKvWriteCommands } from "./kvWrite.ts";

export function kvCommand(): Command {
  const kv = addKvOptions(
    new Command("kv").description(
      "write ordered streams of keys and values, read them with or without a proof, and give stored objects paths",
    ),
  );
  addKvReadCommands(kv);
  addKvWriteCommands(kv);
  addKvSignCommands(kv);
  addKvChainCommands(kv);
  addKvPathCommands(kv);
  return kv;
}
