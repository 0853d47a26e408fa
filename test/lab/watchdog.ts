import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Waits for the death of this process, for any reason, and cleans up. */
export interface Watchdog {
  /** Makes it clean up now. `word`: its last instruction. Resolves when it has finished. Idempotent. */
  release(word?: string): Promise<void>;
}

/** Runs a shell script of this folder whose standard input ends with this process. */
export function watchdog(script: "watchdog.sh" | "netnsWatchdog.sh", args: readonly string[]): Watchdog {
  const file = fileURLToPath(new URL(script, import.meta.url));
  // `detached`: Ctrl+C in the terminal that runs the tests must not reach it.
  const guard = spawn("/bin/sh", [file, ...args], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  // The script may end first, when what it guards has ended.
  guard.stdin.on("error", () => {});
  guard.unref();
  return {
    release: async (word = "") => {
      if (guard.stdin.writable) {
        guard.stdin.end(`${word}\n`);
      }
      await exited(guard);
    },
  };
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Resolves when the child has exited, also if it had exited before. */
export async function exited(child: ChildProcess): Promise<void> {
  if (!hasExited(child)) {
    child.ref();
    await once(child, "exit");
  }
}
