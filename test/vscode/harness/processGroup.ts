import { type ChildProcess, spawn, spawnSync } from "node:child_process";

/** What is still running when this process ends goes with it, also after Ctrl+C or an uncaught error. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) {
    signalGroup(child, "SIGKILL");
  }
});

export interface GroupOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program as the leader of its own process group, so that it can be ended with all its children. */
export function spawnGroup(file: string, args: readonly string[], options: GroupOptions): ChildProcess {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  running.add(child);
  child.once("exit", () => {
    if (process.platform === "win32") {
      running.delete(child);
    }
  });
  return child;
}

/** Ends the whole group: in order, and after 5 s the hard way. Resolves when its leader is gone. */
export async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signalGroup(child, "SIGTERM");
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  }
  // Children that outlived their leader, such as an extension host that waits for its client to come back.
  signalGroup(child, "SIGKILL");
  running.delete(child);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}
