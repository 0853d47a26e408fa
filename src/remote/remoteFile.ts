import { execute } from "../session/run/execute.ts";
import { shellQuote } from "../session/run/remoteCommand.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";

export type RemoteFileProblem =
  | "missing"
  | "folder"
  | "special"
  | "unreadable"
  | "too-large"
  | "binary"
  | "failed";

/** A file of a server can't be shown. */
export class RemoteFileError extends Error {
  readonly reason: RemoteFileProblem;

  constructor(reason: RemoteFileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RemoteFileError";
    this.reason = reason;
  }

  static is(error: unknown): error is RemoteFileError {
    return error instanceof RemoteFileError;
  }
}

/** In bytes; more of a file is not shown. */
export const largestRemoteFile = 5 * 1024 * 1024;
const block = 64 * 1024;
/** Seconds in which the server must read it. */
const readWithin = 60;

/** Printed before the content, because a login shell's start files may print text before it. */
const mark = "\u0000ssh-sessions-file\u0000";

const problems: Readonly<Record<number, RemoteFileProblem>> = {
  64: "missing",
  65: "folder",
  66: "special",
  67: "unreadable",
};

/**
 * Never opens a device or a pipe. It reads one block more than is shown to detect that there is more; `dd` is POSIX,
 * `head -c` is not.
 */
const script = [
  "p=$1",
  "case $p in '~/'*) p=$HOME/${p#'~/'};; esac",
  '[ -e "$p" ] || exit 64',
  '[ ! -d "$p" ] || exit 65',
  '[ -f "$p" ] || exit 66',
  '[ -r "$p" ] || exit 67',
  "printf '\\000ssh-sessions-file\\000'",
  `exec dd bs=${block} count=${largestRemoteFile / block + 1} <"$p" 2>/dev/null`,
].join("\n");

/**
 * @param path absolute, or `~/…`. It is passed as an argument of our script: never a part of the script, nor an
 *   option.
 */
export function readFileCommand(path: string): string {
  if (!/^~?\//.test(path) || path.includes("\u0000")) {
    throw new RangeError("A file is read by its absolute path, or one below the home folder");
  }
  return `exec sh -c ${shellQuote(script)} sh ${shellQuote(path)}`;
}

/**
 * The text of a file, read over an existing connection without a login.
 * @throws RemoteFileError, or the error that kept the session from opening
 */
export async function readRemoteFile(
  service: SessionService,
  host: string,
  masterId: string | undefined,
  path: string,
): Promise<string> {
  const { outcome, stdout } = await execute(service, host, readFileCommand(path), {
    title: `read ${path}`,
    purpose: "lookup",
    login: "unattended",
    timeLimitSeconds: readWithin,
    maxOutputBytes: largestRemoteFile + 2 * block,
    ...(masterId !== undefined && { onMaster: masterId }),
  });
  const at = stdout.indexOf(mark, 0, "latin1");
  if (outcome.kind !== "exited" || outcome.code !== 0 || at < 0) {
    const code = outcome.kind === "exited" ? outcome.code : undefined;
    throw new RemoteFileError(problems[code ?? -1] ?? "failed", `The server could not read ${path}`);
  }
  const content = stdout.subarray(at + mark.length);
  if (content.length > largestRemoteFile) {
    throw new RemoteFileError("too-large", `${path} is larger than ${largestRemoteFile} bytes`);
  }
  if (content.includes(0)) {
    throw new RemoteFileError("binary", `${path} is no text`);
  }
  return new TextDecoder().decode(content);
}
