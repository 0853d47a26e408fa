import { randomBytes } from "node:crypto";
import { printable } from "../base/log.ts";
import { RemoteViewError } from "./remoteErrors.ts";
import type { RemoteExec } from "./remoteExec.ts";

/**
 * The command for the login shell. The script itself is sent to standard input: any login shell (csh, fish)
 * understands this command, and no other user can read the boundary in `ps`.
 */
export const shellCommand = "exec /bin/sh -s";

const timeLimitSeconds = 30;
const maxOutputBytes = 8 * 1024 * 1024;
/** A server with 30,000 processes prints fewer. */
const mostLines = 100_000;
/** In characters. No valid line is longer; the rest is dropped before any search. */
const longestLine = 4096;

/** Named parts of a script's output, in order. A name may occur more than once (one part per file). */
export interface ScriptPart {
  readonly name: string;
  readonly argument: string;
  readonly lines: readonly string[];
}

/**
 * Wraps `body` into a function, so that the shell reads all of it before the first command runs (a command that reads
 * standard input would consume the rest), and provides `part NAME ARGUMENT`, `have TOOL`, `$S` (`sudo -n`, when
 * `sudo` is allowed and works, otherwise empty) and `$OS`. Times are in UTC and words in English whatever the
 * server's locale. sshd gives SSH_AUTH_SOCK to all sessions of a connection on which one has forwarded the agent:
 * nothing here may use it.
 */
export function wrapScript(body: string, boundary: string, sudo: boolean): string {
  return `ssh_sessions() {
unset SSH_AUTH_SOCK
PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin:$PATH
LC_ALL=C TZ=UTC0
export PATH LC_ALL TZ
part() { printf '\\n%s %s %s\\n' '${boundary}' "$1" "$2"; }
have() { command -v "$1" >/dev/null 2>&1; }
OS=$(uname -s 2>/dev/null)
S=
sudo_state=not-allowed
if [ ${sudo ? 1 : 0} = 1 ]; then
  sudo_state=unavailable
  if [ "$(id -u)" = 0 ]; then sudo_state=not-needed
  elif have sudo && sudo -n true >/dev/null 2>&1; then S='sudo -n'; sudo_state=used
  fi
fi
part begin
${body}
part end
}
ssh_sessions </dev/null 2>/dev/null
`;
}

/** A boundary that can't be predicted on the server. */
function makeBoundary(): string {
  return `ssh-sessions-${randomBytes(16).toString("hex")}`;
}

/**
 * Splits output at the boundary lines. It drops the output of a profile before `begin`, and the end of lines that are
 * too long.
 * @throws RemoteViewError `too-much` for more lines than a server has reason to print.
 */
export function splitParts(stdout: string, boundary: string, most = mostLines): ScriptPart[] {
  const parts: { name: string; argument: string; lines: string[] }[] = [];
  const lines = stdout.split("\n", most + 1);
  if (lines.length > most) {
    throw new RemoteViewError("too-much", `More than ${most} lines of output`);
  }
  for (const whole of lines) {
    const line = whole.slice(0, longestLine);
    if (line.startsWith(`${boundary} `)) {
      const [name = "", ...rest] = line.slice(boundary.length + 1).split(" ");
      parts.push({ name, argument: rest.join(" ").trim(), lines: [] });
    } else {
      parts.at(-1)?.lines.push(line);
    }
  }
  return parts.map((part) => ({ ...part, lines: trimBlankEnd(part.lines) }));
}

/** Each part is preceded by an empty line, so that a tool whose last line has no newline can't hide the boundary. */
function trimBlankEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line !== "");
  return lines.slice(0, end + 1);
}

export interface ScriptOptions {
  readonly sudo: boolean;
  readonly signal?: AbortSignal;
  readonly timeLimitSeconds?: number;
  /** More output is an error. Default: 8 MiB. */
  readonly maxOutputBytes?: number;
  /** More lines are an error. Default: 100,000. */
  readonly mostLines?: number;
}

/** Runs `body` in one round trip and returns its parts. @throws RemoteViewError */
export async function runScript(
  exec: RemoteExec,
  body: string,
  options: ScriptOptions,
): Promise<readonly ScriptPart[]> {
  const boundary = makeBoundary();
  const mostBytes = options.maxOutputBytes ?? maxOutputBytes;
  const result = await exec(shellCommand, {
    stdin: wrapScript(body, boundary, options.sudo),
    timeLimitSeconds: options.timeLimitSeconds ?? timeLimitSeconds,
    maxOutputBytes: mostBytes,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const parts = splitParts(result.stdout, boundary, options.mostLines);
  if (parts.length === 0) {
    const said = printable(shownStart(result.stderr) || shownStart(result.stdout), 200);
    throw new RemoteViewError("no-shell", `The server did not run a POSIX shell: ${said}`);
  }
  if (result.truncated) {
    throw new RemoteViewError("too-much", `More than ${mostBytes} bytes of output`);
  }
  if (parts.at(-1)?.name !== "end") {
    throw new RemoteViewError("incomplete", `The script ended early in part ${parts.at(-1)?.name}`);
  }
  return parts;
}

/** The start of the output, for a message. */
function shownStart(output: string): string {
  return output.slice(0, 4096).trim();
}
