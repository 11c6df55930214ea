import { Command } from "commander";
import { globalsOf, secretsOf } from "./globals.ts";

export function keysCommand(): Command {
  const keys = new Command("keys").description(
    "create, import and list the encrypted keys in the data directory",
  );
  keys
    .command("create <name>")
    .description("make a new key")
    .addHelpText("after", "\nExample:\n  $ mycelia keys create operator --password-file ./password\n")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { output, dataDir, passwordFile } = secretsOf(command);
      const { createKey } = await import("../../runtime/keys/keystore.ts");
      const created = await createKey(dataDir, name, passwordFile);
      output.result(created, () => output.line(`${created.address}  ${created.file}`));
    });
  keys
    .command("import <name>")
    .description("import a private key from a file that holds it in hex")
    .requiredOption("--key-file <file>", "file with the private key in hex (mode 0600)")
    .addHelpText(
      "after",
      "\nExample:\n  $ mycelia keys import old --key-file ./key.hex --password-file ./password\n",
    )
    .action(async (name: string, options: { keyFile: string }, command: Command) => {
      const { output, dataDir, passwordFile } = secretsOf(command);
      const { importKey } = await import("../../runtime/keys/keystore.ts");
      const { readPrivateKey } = await import("../../runtime/keys/secretFile.ts");
      const privateKey = await readPrivateKey(options.keyFile);
      const imported = await importKey(dataDir, name, privateKey, passwordFile);
      output.result(imported, () => output.line(`${imported.address}  ${imported.file}`));
    });
  keys
    .command("list")
    .description("list key names and addresses; no password needed")
    .addHelpText("after", "\nExamples:\n  $ mycelia keys list\n  $ mycelia keys list --json\n")
    .action(async (_options: unknown, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { listKeys } = await import("../../runtime/keys/keystore.ts");
      const list = await listKeys(dataDir);
      output.result(list, () =>
        output.table(
          ["name", "address", "file"],
          list.map(({ name, address, file }) => [name, address, file]),
        ),
      );
    });
  return keys;
}
