/** Runs long work in steps, so that the event loop, which all extensions share, is never blocked for long. */

/** Milliseconds of one turn, before other work runs. */
const turn = 10;

/** Work that may pause at each yield. */
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

/** Runs the steps in turns with other work on the event loop. Rejects with the signal's reason. */
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

/** Does `work` for each of `items`, with a step after each `size` of them. */
export function* stepsOver<T>(items: readonly T[], size: number, work: (item: T) => void): Steps<void> {
  for (let at = 0; at < items.length; at += size) {
    for (const item of items.slice(at, at + size)) {
      work(item);
    }
    yield;
  }
}

/** The items in ascending order of their keys (a stable sort), with a step for each `size` of them. */
export function* sortedInSteps<T>(
  items: readonly T[],
  size: number,
  key: (item: T) => number,
): Steps<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += size) {
    runs.push(items.slice(at, at + size).sort((a, b) => key(a) - key(b)));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(yield* mergedInSteps(runs[at] ?? [], runs[at + 1] ?? [], size, key));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergedInSteps<T>(
  left: readonly T[],
  right: readonly T[],
  size: number,
  key: (item: T) => number,
): Steps<readonly T[]> {
  const merged: T[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (fromLeft < left.length || fromRight < right.length) {
    const [one, other] = [left[fromLeft], right[fromRight]];
    const takesLeft = other === undefined || (one !== undefined && key(one) <= key(other));
    const next = takesLeft ? one : other;
    if (takesLeft) {
      fromLeft++;
    } else {
      fromRight++;
    }
    if (next !== undefined) {
      merged.push(next);
    }
    if (merged.length % size === 0) {
      yield;
    }
  }
  return merged;
}
