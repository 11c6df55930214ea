import type { z } from "zod";
import type { keeperSchema } from "../../runtime/config/keeper.ts";
import { createContext } from "../../runtime/createContext.ts";
import { openBlsSigner } from "../../runtime/keys/blsKey.ts";
import { createKeystoreSigner } from "../../runtime/keys/localSigner.ts";
import { createClosers } from "../../runtime/lifecycle/closers.ts";
import { heapGrowth, letHeapGrow } from "../../runtime/lifecycle/heap.ts";
import { serveUntilAborted } from "../../runtime/lifecycle/serve.ts";
import { runUntilSignal } from "../../runtime/lifecycle/signals.ts";
import { createLogger } from "../../runtime/logging/logger.ts";
import { contractInterfaces } from "../contracts.ts";
import { packageVersion } from "../paths.ts";
import type { Role } from "./role.ts";

/** What a keeper's configuration holds besides its role's section. */
export type RunConfig = z.output<typeof keeperSchema> & { readonly name: string; readonly role: string };

/** The composition root of every keeper: logger, closers, key, context, role, door. Resolves with the exit code. */
export async function serveRole(role: Role, config: RunConfig): Promise<number> {
  const logger = createLogger({ name: config.name, ...config.log });
  const closers = createClosers(logger);
  letHeapGrow(heapGrowth.keeper);
  const run = async (signal: AbortSignal): Promise<void> => {
    const { file, passwordFile } = config.key;
    const signer = await createKeystoreSigner(file, passwordFile);
    const context = await createContext({
      name: config.name,
      version: packageVersion(),
      settings: config,
      signer,
      openBlsSigner: () => openBlsSigner(file, passwordFile),
      logger,
      closers,
      signal,
      errors: [...contractInterfaces().values()],
    });
    const section = (config as Readonly<Record<string, unknown>>)[config.role];
    await role.start(context, section as never);
    await serveUntilAborted(context);
  };
  return await runUntilSignal(run, closers, { logger });
}
