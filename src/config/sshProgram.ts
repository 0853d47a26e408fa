import { spawn } from "node:child_process";
import { posix, win32 } from "node:path";
import { localFiles } from "../base/localFiles.ts";
import { programSurroundings } from "../base/programFolder.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";

/** The result of a run of `ssh -G`. */
export interface SshRun {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts `program` with `args`, without a shell. Rejects with the signal's reason, or with the error of a failed
 * start.
 */
export type RunSsh = (program: string, args: readonly string[], signal: AbortSignal) => Promise<SshRun>;

/** More than any configuration prints; the rest is cut off. */
const longestOutput = 1_000_000;

/**
 * Finds the machine's `ssh`. On Windows the system's own comes before those on PATH, because Git brings one whose
 * paths are not Windows paths. Only absolute folders of PATH are searched.
 */
export async function findSsh(
  { platform, env }: Pick<ConfigEnvironment, "platform" | "env">,
  isProgram: (path: string) => boolean | Promise<boolean> = isExecutable,
): Promise<string | undefined> {
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
  for (const folder of folders) {
    const path = paths.join(folder, name);
    if (await isProgram(path)) {
      return path;
    }
  }
  return undefined;
}

/** When the signal aborts, ends the program, and on POSIX also its child processes (`Match exec`). */
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
        // It has already ended by itself.
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

/** Not access(2) on this thread: a folder of PATH may be on a hung mount. */
async function isExecutable(path: string): Promise<boolean> {
  try {
    const { kind, mode } = await localFiles.stat(path);
    return kind === "file" && (process.platform === "win32" || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
