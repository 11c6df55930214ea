// Plain JavaScript, for it runs in a thread that can't read TypeScript yet: teaches it, then loads the module named.
import { register } from "tsx/esm/api";

register();
await import(process.argv[2]);
