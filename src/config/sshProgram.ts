import { posix, win32 } from "node:path";
import { localFiles } from "../base/localFiles.ts";
import { runProgram } from "../base/runProgram.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";

/** The result of a run of `ssh -G`. */
export interface SshRun {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `program` with `args`, without a shell. Rejects with the signal's reason, or with the error of a failed start.
 */
export type RunSsh = (program: string, args: readonly string[], signal: AbortSignal) => Promise<SshRun>;

/** More than any configuration prints; the rest is dropped. */
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

export const runSsh: RunSsh = async (program, args, signal) => {
  const bounds = { signal, longestOutput, longestErrors: longestOutput };
  const { exitCode, stdout, stderr } = await runProgram(program, args, bounds);
  return { exitCode, stdout: stdout.toString("utf8"), stderr };
};

/** Not access(2) on this thread: a folder of PATH may be on a hung mount. */
async function isExecutable(path: string): Promise<boolean> {
  try {
    const { kind, mode } = await localFiles.stat(path);
    return kind === "file" && (process.platform === "win32" || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
