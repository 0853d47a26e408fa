import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type SshConfigEntry, sshConfigBlock } from "./sshdConfig.ts";
import { exited, hasExited } from "./watchdog.ts";

const run = promisify(execFile);

/** The machine's own `ssh` with a separate ssh_config in which the host is named `lab`. For comparisons. */
export class SshClient {
  readonly configFile: string;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.configFile = join(folder, "config");
  }

  /** `extra`: ssh_config lines that take precedence. */
  static async for(entry: SshConfigEntry, extra: readonly string[] = []): Promise<SshClient> {
    const client = new SshClient(await mkdtemp(join(tmpdir(), "ssh-sessions-client-")));
    const quiet = [...extra, "LogLevel ERROR", "IdentityAgent none"];
    await writeFile(client.configFile, sshConfigBlock("lab", entry, quiet));
    return client;
  }

  /** A path for ControlPath that is short enough. */
  get controlPath(): string {
    return join(this.#folder, "control");
  }

  /** Runs a command there; rejects if `ssh` fails. `args`: options of `ssh`. Without `env`, it asks nothing. */
  async run(command: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): Promise<string> {
    const batch = env === undefined ? ["-o", "BatchMode=yes"] : [];
    const all = ["-F", this.configFile, ...batch, ...args, "lab", command];
    return (await run("ssh", all, { env: env ?? process.env, maxBuffer: 1 << 30 })).stdout;
  }

  /** Starts `ssh` and returns at once. `stop` ends it. */
  spawn(command: string, args: readonly string[] = []): ChildProcessWithoutNullStreams {
    const child = spawn("ssh", ["-F", this.configFile, ...args, "lab", command], { stdio: "pipe" });
    this.#children.add(child);
    // Data written after the server has ended is ignored.
    child.stdin.on("error", () => {});
    return child;
  }

  /** Ends all spawned processes and removes the folder. */
  async stop(): Promise<void> {
    for (const child of this.#children) {
      child.kill("SIGKILL");
    }
    await Promise.all([...this.#children].map(exited));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The next chunk of a child's standard output, trimmed. Rejects when the child exits first. */
export async function nextOutput(child: ChildProcessWithoutNullStreams): Promise<string> {
  const over = new AbortController();
  const exit = (): void => over.abort(new Error("it exited without output"));
  child.once("exit", exit);
  try {
    if (hasExited(child)) {
      exit();
    }
    const [data] = await once(child.stdout, "data", { signal: over.signal });
    return String(data).trim();
  } finally {
    child.off("exit", exit);
  }
}
