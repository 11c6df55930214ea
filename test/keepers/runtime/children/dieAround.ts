/** Kills this process before or after the nth run of a named operation; a point reads "OPERATION before|after N". */
export function createDeath(point: string): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const [operation, moment, nth] = point.split(" ");
  const runs = new Map<string, number>();
  return async (name, run) => {
    const count = (runs.get(name) ?? 0) + 1;
    runs.set(name, count);
    const isHere = name === operation && count === Number(nth);
    if (isHere && moment === "before") process.kill(process.pid, "SIGKILL");
    const result = await run();
    if (isHere && moment === "after") process.kill(process.pid, "SIGKILL");
    return result;
  };
}
