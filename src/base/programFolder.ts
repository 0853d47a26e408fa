import { statSync } from "node:fs";
import { homedir } from "node:os";
import { parse, posix, win32 } from "node:path";

/** Where a program that we start runs, and with which environment. */
export interface ProgramSurroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The surroundings of every program that we start. The extension host can stand in the folder of the
 * workspace, which must not decide what runs: Windows (CreateProcess, cmd.exe) looks for a program in the
 * current folder before it looks at PATH, and so does a shell whose PATH has `.` or an empty entry. So
 * programs run in the home folder, and cmd.exe leaves the current folder out
 * (NeedCurrentDirectoryForExePath in the Windows API).
 */
export function programSurroundings(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): ProgramSurroundings {
  return {
    cwd: homeFolder(),
    env: platform === "win32" ? { ...env, NoDefaultCurrentDirectoryInExePath: "1" } : env,
  };
}

/** The shell that runs a command line: always a full path, so that it is not looked for. */
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

/** A home folder that is missing would keep every program from starting. */
function homeFolder(): string {
  const home = homedir();
  return statSync(home, { throwIfNoEntry: false })?.isDirectory() === true
    ? home
    : parse(process.execPath).root;
}
