import { SshSessionsError } from "./errors.ts";

export type FileErrorReason =
  | "missing"
  /** The user may not read or write it. */
  | "denied"
  /** A folder, device, socket, or a pipe that can't be read in bounded time. */
  | "not-a-file"
  | "too-large"
  /** The file system did not reply in time: a network drive or a FUSE mount that hangs. */
  | "unresponsive"
  /** Any other error of the system; see `code`. */
  | "failed";

/** A local file can't be used. `message` begins with its path. */
export class FileError extends SshSessionsError<FileErrorReason> {
  static override readonly name = "FileError";

  readonly path: string;
  /** What is wrong, as a clause that follows the file's name: "it is a folder". */
  readonly what: string;
  /** The system's error code, for example `EACCES`; undefined when this extension refuses the file. */
  readonly code: string | undefined;

  constructor(
    reason: FileErrorReason,
    path: string,
    what: string,
    options: { readonly code?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(reason, `${path}: ${what}`, { cause: options.cause });
    this.path = path;
    this.what = what;
    this.code = options.code;
  }

  static is(error: unknown): error is FileError {
    return error instanceof FileError;
  }
}

/** Converts to a FileError. An error that is one already stays as it is. */
export function asFileError(path: string, cause: unknown): FileError {
  if (FileError.is(cause)) {
    return cause;
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new FileError("missing", path, "it does not exist", { code, cause });
    case "EACCES":
    case "EPERM":
      return new FileError("denied", path, `it can't be read (${code})`, { code, cause });
    case "EISDIR":
      return new FileError("not-a-file", path, "it is a folder", { code, cause });
    case "ENOSPC":
    case "EDQUOT":
      return new FileError("failed", path, `it can't be written: no space left (${code})`, { code, cause });
    default:
      return new FileError("failed", path, `it can't be read (${code ?? String(cause)})`, { code, cause });
  }
}
