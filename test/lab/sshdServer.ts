import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { MissingRequirementError } from "../setup/missingRequirement.ts";
import { exited, hasExited, watchdog } from "./watchdog.ts";

const candidates = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd", "/usr/lib/ssh/sshd"];

export interface SshdProgram {
  readonly file: string;
  readonly major: number;
  readonly minor: number;
}

let program: SshdProgram | undefined;

/** The machine's OpenSSH server, by absolute path (it re-executes itself). `SSHD` in the environment overrides it. */
export function findSshd(): SshdProgram | undefined {
  const { SSHD: named } = process.env;
  const file = [named, ...candidates].find((candidate) => candidate && existsSync(candidate));
  if (file === undefined) {
    return undefined;
  }
  program = program?.file === file ? program : { file, ...versionOf(file) };
  return program;
}

/** @throws MissingRequirementError with the command that installs it. */
export function requireSshd(): SshdProgram {
  const found = findSshd();
  if (found === undefined) {
    throw new MissingRequirementError(
      "OpenSSH's server (sshd) is missing.",
      process.platform === "darwin"
        ? "brew install openssh"
        : "apt-get update && apt-get install -y openssh-server",
    );
  }
  return found;
}

/** `-V` prints to standard error; before 9.2 it was an unknown option whose error also contains the version. */
function versionOf(file: string): { major: number; minor: number } {
  let text = "";
  try {
    text = execFileSync("/bin/sh", ["-c", '"$1" -V 2>&1', "sh", file], { encoding: "utf8" });
  } catch (error) {
    text = String((error as { stdout?: unknown }).stdout);
  }
  const match = /OpenSSH_(\d+)\.(\d+)/.exec(text);
  return { major: Number(match?.[1] ?? 0), minor: Number(match?.[2] ?? 0) };
}

/** One run of sshd, with its watchdog. */
export interface RunningSshd {
  /** The listener's process id. */
  readonly pid: number;
  /** Ends the listener, all its children and all processes with the mark; `keep`: the folder stays. Idempotent. */
  end(keep: boolean): Promise<void>;
}

/** Debian's sshd does not start as root without this folder, which is gone after a restart of the machine. */
export async function makeSeparationFolder(): Promise<void> {
  if (process.getuid?.() === 0 && process.platform === "linux") {
    await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  }
}

/**
 * Starts sshd in the foreground with `configFile`, logging to `logFile`, and waits until it listens. Undefined if
 * another process took its port meanwhile.
 * @param mark set in the environment of every session
 * @param wrap a command that runs sshd elsewhere (`ip netns exec NAME`) in the same process
 */
export async function runSshd(options: {
  readonly folder: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly mark: string;
  readonly wrap: readonly string[];
  readonly program: SshdProgram;
}): Promise<RunningSshd | undefined> {
  const { file } = options.program;
  await makeSeparationFolder();
  const [command = file, ...args] = [
    ...options.wrap,
    file,
    "-D",
    "-f",
    options.configFile,
    "-E",
    options.logFile,
  ];
  const logBefore = readLog(options.logFile).length;
  // `detached`: Ctrl+C in the terminal that runs the tests must reach neither of them before the watchdog acts.
  // Errors in the configuration are printed before sshd opens its log: they go to the same file.
  const log = openSync(options.logFile, "a");
  const server = spawn(command, args, { stdio: ["ignore", "ignore", log], detached: true });
  closeSync(log);
  await once(server, "spawn");
  const pid = server.pid ?? 0;
  const guard = watchdog("watchdog.sh", [String(pid), options.mark, options.folder]);
  const running: RunningSshd = {
    pid,
    end: async (keep) => {
      await Promise.all([guard.release(keep ? "keep" : ""), exited(server)]);
    },
  };
  // It must not keep the test process running.
  server.unref();
  for (;;) {
    const log = readLog(options.logFile).slice(logBefore);
    if (log.includes("Server listening on")) {
      return running;
    }
    if (hasExited(server)) {
      await running.end(true);
      if (/Address already in use/.test(log)) {
        return undefined;
      }
      throw new Error(`sshd did not start:\n${log}`);
    }
    await delay(5);
  }
}

/** The whole text so far; empty if there is no file yet. */
export function readLog(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
