/** Long work in steps, so that the event loop, which all extensions share, is never held for long. */

/** Milliseconds that one turn may take before others have theirs. */
const turn = 10;

/** Work that may pause wherever it yields. */
export type Steps<T> = Generator<void, T>;

/** Runs all steps at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) {
      return value;
    }
  }
}

/** Runs the steps in turns with everything else on the event loop. Rejects with the signal's reason. */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const until = performance.now() + turn;
    do {
      const { done, value } = steps.next();
      if (done === true) {
        return value;
      }
    } while (performance.now() < until);
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}

/** Applies `work` to `items` in slices, with a step after each. */
export function* inSlices<T, R>(
  items: readonly T[],
  size: number,
  work: (slice: readonly T[]) => readonly R[],
): Steps<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    for (const result of work(items.slice(at, at + size))) {
      results.push(result);
    }
    yield;
  }
  return results;
}
