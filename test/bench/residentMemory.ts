import { readFileSync } from "node:fs";
import { descendants } from "../lab/processTree.ts";

/** Resident memory of a workbench, in MB. */
export interface Memory {
  readonly extensionHost: number;
  /** The page's process: the largest of the browser's renderers. */
  readonly window: number;
  /** In addition: the other processes of the server and the browser. Shared pages count in each. */
  readonly all: number;
}

const interval = 250;

/** Of the workbench that was started from here. Linux only (proc(5)). */
export function residentMemory(): Memory {
  const processes = descendants(process.pid)
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid }) => ({
      kind: /--type=([\w-]+)/.exec(contents(pid, "cmdline"))?.[1],
      size: Number(/^VmRSS:\s+(\d+) kB/m.exec(contents(pid, "status"))?.[1] ?? 0) / 1024,
    }));
  const largest = (kind: string): number =>
    Math.max(0, ...processes.filter((process) => process.kind === kind).map(({ size }) => size));
  return {
    extensionHost: largest("extensionHost"),
    window: largest("renderer"),
    all: processes.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Samples the memory during `work`. @returns its result, and the largest growth over `before`, MB */
export async function growthDuring<T>(
  before: Memory,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly grown: Memory }> {
  let most = before;
  const look = (): void => {
    const now = residentMemory();
    most = {
      extensionHost: Math.max(most.extensionHost, now.extensionHost),
      window: Math.max(most.window, now.window),
      all: Math.max(most.all, now.all),
    };
  };
  const timer = setInterval(look, interval);
  try {
    const result = await work();
    look();
    return {
      result,
      grown: {
        extensionHost: most.extensionHost - before.extensionHost,
        window: most.window - before.window,
        all: most.all - before.all,
      },
    };
  } finally {
    clearInterval(timer);
  }
}

function contents(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
