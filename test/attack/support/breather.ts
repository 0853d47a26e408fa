let since = 0;

/** Gives the event loop a turn when the last one is 10 ms ago: what a fuzzer does is otherwise one long block. */
export async function breather(): Promise<void> {
  if (performance.now() - since > 10) {
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}
