import { installSignals } from "../runtime/lifecycle/signals.ts";
import type { Person } from "./person.ts";

/** Opens a person, works as that person until done or Ctrl-C, and closes everything either way. */
export async function withPerson<T>(
  open: () => Promise<Person>,
  work: (person: Person, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signals = installSignals();
  try {
    const person = await open();
    try {
      return await work(person, signals.signal);
    } finally {
      await person.closers.closeAll();
    }
  } finally {
    signals.dispose();
  }
}
