import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openFiles } from "../lab/processTree.ts";
import { until } from "../lab/until.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Memory that this process can reach, in bytes. */
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

/** The number of reachable objects of a class. Collects garbage first. */
export function liveObjects(ofClass: abstract new (...parts: never[]) => object): number {
  collectGarbage();
  return queryObjects(ofClass, { format: "count" });
}

/** Kinds of the open files, sockets and the like of a process, one word for each. Empty without /proc. */
export function openDescriptors(pid: number = process.pid): string[] {
  return openFiles(pid).map((file) => file.replace(/\[\d+\]$/, ""));
}

/** Kinds of the open timers, sockets and the like, one word for each. */
export function activeResources(): readonly string[] {
  return process.getActiveResourcesInfo();
}

/** Waits until no word occurs more often than before. @returns the remaining ones with their counts */
export async function leftBehind(
  before: readonly string[],
  now: () => readonly string[],
): Promise<readonly string[]> {
  await until(() => grown(before, now()).length === 0).catch(() => {});
  return grown(before, now());
}

/** Items that have closed meanwhile were already closing before. */
function grown(before: readonly string[], after: readonly string[]): string[] {
  const count = (words: readonly string[], word: string): number =>
    words.filter((other) => other === word).length;
  return [...new Set(after)]
    .filter((word) => count(after, word) > count(before, word))
    .map((word) => `${word}: ${count(before, word)}, then ${count(after, word)}`);
}
