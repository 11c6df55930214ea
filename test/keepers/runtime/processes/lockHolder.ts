// Takes the directory's lock, says so, and holds it until it is killed.
import { lockDirectory } from "../../../../keepers/runtime/lifecycle/directoryLock.ts";

await lockDirectory(process.argv[2] ?? "");
process.stdout.write("locked\n");
setInterval(() => undefined, 1_000);
