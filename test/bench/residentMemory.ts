import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { descendants } from "../lab/processTree.ts";

/** Resident memory of the processes of a workbench, in MB. */
export interface Memory {
  readonly extensionHost: number;
  /** The page's: the largest of the browser's renderers. */
  readonly renderer: number;
}

export async function residentMemory(): Promise<Memory> {
  const pids = descendants(process.pid).map(({ pid }) => pid);
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=,args=", "-p", pids.join(",")]);
  const largest = (type: string): number =>
    Math.max(
      0,
      ...stdout
        .split("\n")
        .filter((line) => line.includes(`--type=${type}`))
        .map((line) => Number.parseInt(line, 10) / 1024),
    );
  return { extensionHost: largest("extensionHost"), renderer: largest("renderer") };
}

/** Looks at the memory while `work` goes on. @returns how much it grew over `before` at most, MB. */
export async function growthDuring(before: Memory, work: () => Promise<unknown>): Promise<Memory> {
  let { extensionHost, renderer } = before;
  const look = async (): Promise<void> => {
    const now = await residentMemory();
    extensionHost = Math.max(extensionHost, now.extensionHost);
    renderer = Math.max(renderer, now.renderer);
  };
  let over = false;
  const watching = (async () => {
    while (!over) {
      await look();
    }
  })();
  try {
    await work();
  } finally {
    over = true;
    await watching;
  }
  await look();
  return { extensionHost: extensionHost - before.extensionHost, renderer: renderer - before.renderer };
}
