import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openFiles } from "../lab/processTree.ts";

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

/** How many objects of a class this process can reach. Collects garbage first. */
export function liveObjects(ofClass: abstract new (...parts: never[]) => object): number {
  collectGarbage();
  return queryObjects(ofClass, { format: "count" });
}

/** Kinds of the files, sockets and the like that a process has open, one for each. Empty where there is no /proc. */
export function openDescriptors(pid: number = process.pid): string[] {
  return openFiles(pid).map((file) => file.replace(/\[\d+\]$/, ""));
}

/** Kinds of the timers, sockets and the like that are open, one word for each. */
export function activeResources(): string {
  return process.getActiveResourcesInfo().sort().join(" ");
}
