import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts the module `name` beside `importer` (the caller's import.meta.url) in a thread: the .js of a build, or the
 * .ts of the source tree. Node before 22.18 doesn't read TypeScript in a thread, whatever its parent was told to
 * import, so there the thread starts with a loader.
 */
export function startWorker(name: string, importer: string, options: WorkerOptions = {}): Worker {
  const extension = importer.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./${name}.${extension}`, importer);
  if (extension === "js" || process.features.typescript) return new Worker(module, options);
  return new Worker(new URL("./sourceWorker.mjs", import.meta.url), { ...options, argv: [module.href] });
}
