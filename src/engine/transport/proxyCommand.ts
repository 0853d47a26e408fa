import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { systemClock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import { programSurroundings, userShell } from "../../base/programFolder.ts";
import { lacksPipes } from "../../base/runProgram.ts";
import { ConnectError } from "../engineErrors.ts";
import type { ServerTalk } from "./serverTalk.ts";
import { WholeLines } from "./wholeLines.ts";

/**
 * Runs a ProxyCommand (ssh_config(5)) through the user's shell, `exec`ed as in OpenSSH (sshconnect.c,
 * ssh_proxy_connect), and returns its standard input and output as one stream. Destroying the stream ends the
 * process.
 *
 * @param command all tokens expanded.
 * @param talk receives the command's standard error.
 */
export function runProxyCommand(
  command: string,
  talk: ServerTalk,
  env: NodeJS.ProcessEnv = process.env,
): Duplex {
  const windows = process.platform === "win32";
  const shell = userShell(env);
  const surroundings = programSurroundings(env);
  const child = windows
    ? spawn(command, { ...surroundings, shell, stdio: ["pipe", "pipe", "pipe"], windowsHide: true })
    : spawn(shell, ["-c", `exec ${command}`], {
        ...surroundings,
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });

  let lastWords = "";
  const said = new WholeLines(systemClock, (lines) => {
    lastWords = lines.trim().split("\n").at(-1)?.trim() || lastWords;
    talk.say("proxy", lines);
  });
  let hasAnswered = false;
  const failed = (how: string, cause?: Error): ConnectError =>
    new ConnectError("proxy-failed", `The ProxyCommand ${how}`, {
      ...(cause !== undefined && { cause }),
      ...(lastWords !== "" && { serverText: lastWords }),
    });
  if (lacksPipes(child)) {
    const none = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
    none.on("error", () => {});
    child.once("error", (error) => none.destroy(failed("could not be started", error)));
    return none;
  }

  const stream = new Duplex({
    read() {
      child.stdout.resume();
    },
    write(chunk: Buffer, _encoding, callback) {
      // Ignore a broken pipe: "close" below reports how the process ended.
      child.stdin.write(chunk, () => callback());
    },
    final(callback) {
      child.stdin.end(callback);
    },
    destroy(error, callback) {
      // Kill the whole group: a proxy command is often a pipeline.
      try {
        if (!windows && child.pid !== undefined && child.exitCode === null) {
          process.kill(-child.pid, "SIGHUP");
        }
      } catch {
        // It has already ended.
      }
      child.kill();
      callback(error);
    },
  });
  stream.on("error", () => {
    // The stream's user gets the error too; without this listener, an early error would end the extension host.
  });
  child.stdout.on(
    "data",
    guarded((chunk: Buffer) => {
      hasAnswered = true;
      if (!stream.push(chunk)) {
        child.stdout.pause();
      }
    }),
  );
  child.stdin.on("error", () => {
    // As above.
  });
  child.stderr
    .setEncoding("utf8")
    .on(
      "data",
      guarded((text: string) => said.add(text)),
    )
    .on("end", () => said.dispose());
  child.on("error", (error) => {
    stream.destroy(failed("could not be started", error));
  });
  // Not when its output ends: the exit status follows a moment later and is more informative.
  child.on("close", (code, signal) => {
    if (code === 0 && hasAnswered) {
      stream.push(null);
    } else if (!stream.destroyed) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      stream.destroy(failed(code === 0 ? "ended without a connection" : `ended with ${how}`));
    }
  });
  return stream;
}
