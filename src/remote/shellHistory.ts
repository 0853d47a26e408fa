import { atOnce } from "../base/turns.ts";
import { execute } from "../session/run/execute.ts";
import { plainOutputSteps } from "../session/run/plainOutput.ts";
import { shellQuote } from "../session/run/remoteCommand.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";

/** In bytes, of the newest lines: tmux keeps 10,000 lines, and an editor shows all of it. */
export const longestHistory = 4 * 1024 * 1024;
/** Seconds in which the server must send it. */
const readWithin = 60;

/** Printed before the history, because a login shell's start files may print text before it. */
const mark = "\u0000ssh-sessions-history\u0000";

/**
 * `tail -c` keeps the newest lines and is POSIX. What `print` reports on its standard error is left out.
 * @param print the command line that prints the history, see PersistentShell
 */
export function historyCommand(print: string): string {
  const script = `printf '\\000ssh-sessions-history\\000'; { ${print}; } 2>/dev/null | tail -c ${longestHistory}`;
  return `exec sh -c ${shellQuote(script)}`;
}

/**
 * The lines that tmux keeps of a shell, which may have scrolled by faster than VS Code could draw them: printable, and
 * without the empty lines at the end of its screen. Read over an existing connection, without a login. Undefined: the
 * shell is not there, or the server has no tmux.
 */
export async function readHistory(
  service: SessionService,
  host: string,
  masterId: string,
  print: string,
): Promise<string | undefined> {
  const { stdout } = await execute(service, host, historyCommand(print), {
    title: "history",
    purpose: "lookup",
    login: "none",
    timeLimitSeconds: readWithin,
    maxOutputBytes: longestHistory + 64 * 1024,
    onMaster: masterId,
  });
  return historyText(stdout);
}

/** @param stdout of `historyCommand`. */
export function historyText(stdout: Buffer): string | undefined {
  const at = stdout.indexOf(mark, 0, "latin1");
  const { text } = atOnce(plainOutputSteps(at < 0 ? Buffer.alloc(0) : stdout.subarray(at + mark.length)));
  const lines = text.trimEnd();
  return lines === "" ? undefined : `${lines}\n`;
}
