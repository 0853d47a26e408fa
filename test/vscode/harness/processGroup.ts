import { type ChildProcess, spawn, spawnSync } from "node:child_process";

export interface GroupOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A program with all its child processes. */
export interface ProcessGroup {
  readonly leader: ChildProcess;
  /** Ends the whole group: in order, and by force after 5 s. Resolves when its leader has ended. Idempotent. */
  end(): Promise<void>;
}

const windows = process.platform === "win32";

/**
 * Starts a program as the leader of a new process group. The group also ends when this process dies for any reason.
 */
export function spawnGroup(file: string, args: readonly string[], options: GroupOptions): ProcessGroup {
  const leader = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: !windows,
  });
  const release = leader.pid === undefined ? () => undefined : guard(leader.pid);
  let ended: Promise<void> | undefined;
  return {
    leader,
    end: async () => {
      ended ??= endGroup(leader).finally(release);
      await ended;
    },
  };
}

/** Kills the group if this process dies without having stopped it. */
function guard(pid: number): () => void {
  if (windows) {
    const kill = (): void => killGroup(pid, "SIGKILL");
    process.once("exit", kill);
    return () => process.off("exit", kill);
  }
  // Its standard input ends with this process, also after SIGKILL. Detached, so that Ctrl+C does not reach it.
  const script = 'read -r done || kill -s KILL -- "-$1"';
  const watcher = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watcher.stdin.on("error", () => undefined);
  watcher.unref();
  return () => watcher.stdin.end("done\n");
}

async function endGroup(leader: ChildProcess): Promise<void> {
  const { pid } = leader;
  if (pid === undefined) {
    return;
  }
  if (leader.exitCode === null && leader.signalCode === null) {
    const exited = new Promise<void>((resolve) => leader.once("exit", () => resolve()));
    killGroup(pid, "SIGTERM");
    const timer = setTimeout(() => killGroup(pid, "SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  }
  // Child processes that survived their leader, such as an extension host that waits for its client to reconnect.
  killGroup(pid, "SIGKILL");
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (windows) {
    spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"]);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}
