import { Listr } from "listr2";
import type { Output } from "../terminal/output.ts";

/** One step of the job; `say` changes the line that people see. */
export interface Stage {
  readonly name: string;
  readonly title: string;
  run(say: (text: string) => void): Promise<string>;
}

/** Runs stages in order, shows them, and returns the seconds each took. A stage's answer becomes its title. */
export async function runStages(stages: readonly Stage[], output: Output): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {};
  const tasks = stages.map(({ name, title, run }) => ({
    title,
    task: async (_: unknown, task: { title?: string; output: string }) => {
      const started = performance.now();
      task.title = await run((text) => {
        task.output = text;
      });
      seconds[name] = Math.round(performance.now() - started) / 1_000;
    },
  }));
  const renderer = output.json ? "silent" : "default";
  await new Listr(tasks, {
    renderer,
    fallbackRenderer: "simple",
    // Ctrl-C is ours: whoever called stops what was started.
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false },
  }).run();
  return seconds;
}
