import { EngineStore } from "./engineStore.ts";
import { openLmdbEngine } from "./lmdbEngine.ts";
import type { Store } from "./store.ts";

/** Opens the embedded store in a directory of its own. @throws as `openLmdbEngine`, and so does every write of the store */
export function openLmdbStore(directory: string): Store {
  return new EngineStore(openLmdbEngine(directory));
}
