import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import { programSurroundings } from "../base/programFolder.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";

/** How a run of `ssh -G` ended. */
export interface SshRun {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `program` with `args`, no shell between. Rejects with the signal's reason, or with the error of a failed start. */
export type RunSsh = (program: string, args: readonly string[], signal: AbortSignal) => Promise<SshRun>;

/** More than any configuration prints; what is above is cut off. */
const longestOutput = 1_000_000;

/**
 * The machine's `ssh`: on Windows that of the system before those on PATH, because Git brings one whose paths are not
 * Windows paths; only absolute folders of PATH are looked into.
 */
export function findSsh(
  { platform, env }: Pick<ConfigEnvironment, "platform" | "env">,
  isProgram: (path: string) => boolean = isExecutable,
): string | undefined {
  const isWindows = platform === "win32";
  const paths = isWindows ? win32 : posix;
  const name = isWindows ? "ssh.exe" : "ssh";
  const listed = (env["PATH"] ?? env["Path"] ?? "")
    .split(paths.delimiter)
    .filter((folder) => paths.isAbsolute(folder))
    .filter((folder) => !isWindows || !/[\\/]usr[\\/]bin[\\/]?$/i.test(folder));
  const folders = isWindows
    ? [
        paths.join(env["SystemRoot"] ?? "C:\\Windows", "System32", "OpenSSH"),
        paths.join(env["ProgramFiles"] ?? "C:\\Program Files", "OpenSSH"),
        ...listed,
      ]
    : listed;
  return folders.map((folder) => paths.join(folder, name)).find(isProgram);
}

/** Ends the program, and on POSIX all that it started (`Match exec`), when the signal aborts. */
export const runSsh: RunSsh = (program, args, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const ownGroup = process.platform !== "win32";
    const child = spawn(program, args, {
      ...programSurroundings(),
      stdio: ["ignore", "pipe", "pipe"],
      shell: false,
      windowsHide: true,
      detached: ownGroup,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(0, longestOutput);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(0, longestOutput);
    });
    const onAbort = (): void => {
      try {
        if (ownGroup && child.pid !== undefined) {
          process.kill(-child.pid, "SIGKILL");
        } else {
          child.kill("SIGKILL");
        }
      } catch {
        // It ended by itself meanwhile.
      }
      child.stdout.destroy();
      child.stderr.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    child.on("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
    child.on("close", (exitCode) => {
      signal.removeEventListener("abort", onAbort);
      resolve({ exitCode: exitCode ?? undefined, stdout, stderr });
    });
  });

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
