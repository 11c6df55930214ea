import { readFile } from "node:fs/promises";
import { FatalError } from "../errors.ts";
import { type Deployment, parseDeployment } from "./deployment.ts";

/** Reads deployments/<chainId>.json. @throws FatalError "deployment/unreadable", "deployment/malformed" */
export async function readDeployment(file: string): Promise<Deployment> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new FatalError(
      "deployment/unreadable",
      `The deployment file ${file} can't be read.`,
      { file },
      cause,
    );
  });
  return parseDeployment(text, file);
}
