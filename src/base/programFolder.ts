import { statSync } from "node:fs";
import { homedir } from "node:os";
import { parse, posix, win32 } from "node:path";

/**
 * Makes our wrapper of `ssh` run the real one. An editor that was started in a terminal of an editor has the wrapper in
 * its PATH.
 */
export const directVariable = "SSH_SESSIONS_DIRECT";

/** The folder and the environment of a program that we start. */
export interface ProgramSurroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The folder and environment of every program that we start. The extension host may run in the workspace folder,
 * which must not decide what runs: Windows (CreateProcess, cmd.exe) searches the current folder for a program before
 * PATH, and so does a shell whose PATH has `.` or an empty entry. So programs run in the home folder, and cmd.exe
 * skips the current folder (NeedCurrentDirectoryForExePath in the Windows API).
 */
export function programSurroundings(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): ProgramSurroundings {
  return {
    cwd: homeFolder(),
    env: {
      ...env,
      [directVariable]: "1",
      ...(platform === "win32" && { NoDefaultCurrentDirectoryInExePath: "1" }),
    },
  };
}

/** The shell that runs a command line, always as a full path, so that PATH is not searched. */
export function userShell(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === "win32") {
    const named = env["ComSpec"];
    const system = env["SystemRoot"] ?? "C:\\Windows";
    return named !== undefined && win32.isAbsolute(named) ? named : win32.join(system, "System32", "cmd.exe");
  }
  const named = env["SHELL"];
  return named !== undefined && posix.isAbsolute(named) ? named : "/bin/sh";
}

/** With a missing home folder, no program would start. */
function homeFolder(): string {
  const home = homedir();
  return statSync(home, { throwIfNoEntry: false })?.isDirectory() === true
    ? home
    : parse(process.execPath).root;
}
