let since = 0;

/** Gives the event loop a turn every 10 ms: otherwise a fuzzer is one long block. */
export async function breather(): Promise<void> {
  if (performance.now() - since > 10) {
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}
