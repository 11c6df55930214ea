import type { Steps } from "../steps.ts";
import { kvSteps } from "./kv.ts";
import { storageSteps } from "./storage.ts";

export const steps = { ...storageSteps, ...kvSteps } satisfies Steps;
