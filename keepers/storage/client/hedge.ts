/**
 * Asks one after the other until one answers: the next at once when the one before has failed, and also when it has been
 * silent for `hedgeMs`. The first good answer wins and the other attempts are told to stop.
 * @returns undefined when every attempt has failed
 */
export async function firstGood<T, R>(
  candidates: readonly T[],
  hedgeMs: number,
  signal: AbortSignal,
  ask: (candidate: T, signal: AbortSignal) => Promise<R>,
  onFailure: (candidate: T, error: unknown) => void,
): Promise<R | undefined> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const running = new Set<Promise<{ readonly answer: R } | undefined>>();
  const waiting = [...candidates];
  try {
    while (waiting.length > 0 || running.size > 0) {
      signal.throwIfAborted();
      const candidate = waiting.shift();
      if (candidate !== undefined) {
        const attempt = ask(candidate, either).then(
          (answer) => ({ answer }),
          (error: unknown) => {
            if (!either.aborted) onFailure(candidate, error);
            return undefined;
          },
        );
        running.add(attempt);
        void attempt.then(() => running.delete(attempt));
      }
      const winner = await raceOrLate(running, waiting.length > 0 ? hedgeMs : undefined);
      if (winner !== undefined) return winner.answer;
    }
    signal.throwIfAborted();
    return undefined;
  } finally {
    done.abort();
  }
}

/** The first to settle, or undefined after a while. */
export async function raceOrLate<R>(
  running: ReadonlySet<Promise<R>>,
  ms: number | undefined,
): Promise<R | undefined> {
  if (ms === undefined) return await Promise.race(running);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([...running, late]);
  } finally {
    clearTimeout(timer);
  }
}
