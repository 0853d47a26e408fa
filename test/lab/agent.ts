import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { askpassEnv } from "./askpass.ts";
import { exited, hasExited, watchdog } from "./watchdog.ts";

const run = promisify(execFile);

/** A temporary ssh-agent. Ends with `stop()`, or when this process dies. */
export interface LabAgent {
  /** Path of the Unix socket, for SSH_AUTH_SOCK and IdentityAgent. */
  readonly socket: string;
  /** `args`: further arguments of ssh-add(1), such as `-c` or `-t 5`. */
  add(keyFile: string, options?: { passphrase?: string; args?: readonly string[] }): Promise<void>;
  remove(keyFile: string): Promise<void>;
  /** `ssh-add -l`, one line per key; empty if there are none. */
  list(): Promise<readonly string[]>;
  /** `ssh-add -x`: refuses to list and to sign until unlocked. */
  lock(password: string): Promise<void>;
  /** SIGSTOP: accepts connections and never replies. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** @param args further arguments of ssh-agent(1) */
export async function startAgent(args: readonly string[] = []): Promise<LabAgent> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-agent-"));
  const socket = join(folder, "socket");
  const agent = spawn("ssh-agent", ["-D", "-a", socket, ...args], { stdio: "ignore", detached: true });
  agent.unref();
  const guard = watchdog("watchdog.sh", [
    String(agent.pid),
    `ssh-sessions-agent-${randomBytes(8).toString("hex")}`,
    folder,
  ]);
  // The file exists a moment before the agent listens.
  while (!(await answers(socket))) {
    if (hasExited(agent)) {
      throw new Error("ssh-agent did not start");
    }
    await delay(5);
  }
  const environment = { ...process.env, SSH_AUTH_SOCK: socket };
  const withAnswer = async (answer: string): Promise<NodeJS.ProcessEnv> => ({
    ...(await askpassEnv(folder, answer)),
    SSH_AUTH_SOCK: socket,
  });
  return {
    socket,
    add: async (keyFile, { passphrase = "", args = [] } = {}) => {
      await run("ssh-add", ["-q", ...args, keyFile], { env: await withAnswer(passphrase) });
    },
    remove: async (keyFile) => {
      await run("ssh-add", ["-q", "-d", keyFile], { env: environment });
    },
    list: async () => {
      // Exit code 1 with a message means: no keys.
      const { stdout } = await run("ssh-add", ["-l"], { env: environment }).catch((error) => {
        if (error.code === 1) {
          return { stdout: "" };
        }
        throw error;
      });
      return stdout.split("\n").filter((line) => line !== "");
    },
    lock: async (password) => {
      await run("ssh-add", ["-x"], { env: await withAnswer(password) });
    },
    freeze: () => {
      agent.kill("SIGSTOP");
    },
    thaw: () => {
      agent.kill("SIGCONT");
    },
    stop: async () => {
      await Promise.all([guard.release(), exited(agent)]);
    },
  };
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const end = (there: boolean): void => {
      probe.destroy();
      resolve(there);
    };
    probe.once("connect", () => end(true));
    probe.once("error", () => end(false));
  });
}
