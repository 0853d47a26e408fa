import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program without a terminal. Resolves to its standard output; rejects with the end of its output. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      // On Windows, npm and tar are .cmd files or need their extension looked up.
      shell: process.platform === "win32",
    });
    let stdout = "";
    let all = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      all += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(stdout);
      } else {
        const tail = all.trimEnd().split("\n").slice(-30).join("\n");
        reject(new Error(`${file} ${args.join(" ")} ended with ${signal ?? code}\n${tail}`));
      }
    });
  });
}
