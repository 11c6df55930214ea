import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts the module `name` beside `importer` (the caller's import.meta.url) in a thread: the .js of a build, or the
 * .ts of the source tree. Node before 22.18 doesn't read TypeScript in a thread, whatever its parent was told to
 * import, so there the thread registers tsx before it loads the module.
 */
export function startWorker(name: string, importer: string, options: WorkerOptions = {}): Worker {
  const extension = importer.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./${name}.${extension}`, importer);
  if (extension === "js" || process.features.typescript) return new Worker(module, options);
  const tsx = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const start = `import(${tsx}).then(({ register }) => (register(), import(${JSON.stringify(module.href)})))`;
  return new Worker(start, { ...options, eval: true });
}
