import { spawn } from "node:child_process";
import type { RemoteExec } from "../../src/remote/remoteExec.ts";

/**
 * Runs the machine's own `ssh` with these arguments (options and destination) to reach a server.
 * @param wrap a command that runs `ssh` elsewhere: `["ip", "netns", "exec", NAME]`
 */
export function sshRemoteExec(args: readonly string[], wrap: readonly string[] = []): RemoteExec {
  const [program = "ssh", ...before] = [...wrap, "ssh"];
  return (command, options) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [...before, ...args, command], {
        stdio: "pipe",
        timeout: options.timeLimitSeconds * 1000,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      const output = { stdout: "", stderr: "", truncated: false };
      const collect = (kind: "stdout" | "stderr") => (text: string) => {
        const room = options.maxOutputBytes - output[kind].length;
        output.truncated ||= text.length > room;
        output[kind] += text.slice(0, Math.max(0, room));
      };
      child.stdout.setEncoding("utf8").on("data", collect("stdout"));
      child.stderr.setEncoding("utf8").on("data", collect("stderr"));
      // A server that does not read its input closes it first.
      child.stdin.on("error", () => {});
      child.stdin.end(options.stdin);
      child.once("error", reject);
      child.once("close", (code) => resolve({ exitCode: code ?? undefined, ...output }));
    });
}
