import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What this process can reach, in bytes. */
export interface HeldMemory {
  readonly heap: number;
  /** Buffers outside the heap. */
  readonly external: number;
}

/** Collects garbage first. */
export function heldMemory(): HeldMemory {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}

/** Kinds of the timers, sockets and the like that are open, one word for each. */
export function activeResources(): string {
  return process.getActiveResourcesInfo().sort().join(" ");
}
