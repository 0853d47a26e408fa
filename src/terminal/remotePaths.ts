/** Finds paths in a line of a remote terminal. The line is untrusted, so paths are checked. */
import { posix } from "node:path";

/** The position of a path in its line, and its parts. Lines and columns count from 1. */
export interface PathInLine {
  readonly start: number;
  readonly length: number;
  readonly path: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** A longer line is not meant for reading. */
const longestLine = 4096;
const mostPaths = 50;
const longestPath = 4096;

/**
 * `/etc/passwd`, `~/x`, `./x`, `src/x.ts:12:3`. Not within a word, an address or after a colon. Each character is
 * read at most twice: no path can start within what another match has passed.
 */
const pattern =
  /(?<![\w/.~:@+-])(?:~?\/|\.{1,2}\/|[\w.@+-]+\/)([^\s"'`<>|;&()[\]{}:,*?$\\\p{Cc}\p{Cf}]*)(?::(\d{1,7})(?::(\d{1,7}))?)?/gu;

export function pathsIn(text: string): readonly PathInLine[] {
  const found: PathInLine[] = [];
  for (const match of text.slice(0, longestLine).matchAll(pattern)) {
    const [whole, , line, column] = match;
    const place = line === undefined ? "" : `:${line}${column === undefined ? "" : `:${column}`}`;
    // A sentence may end after a path.
    const path = whole.slice(0, whole.length - place.length).replace(place === "" ? /\.+$/ : /$^/, "");
    const isRooted = /^(?:~|\.{1,2})?\//.test(path);
    if (/[^/.~]/.test(path) && (isRooted || line !== undefined || /\.[^/]+$/.test(path))) {
      found.push({
        start: match.index,
        length: path.length + place.length,
        path,
        line: line === undefined ? undefined : Number(line),
        column: column === undefined ? undefined : Number(column),
      });
    }
    if (found.length === mostPaths) {
      break;
    }
  }
  return found;
}

/**
 * The path to request from the server: an absolute one, or one below the home folder (`~/x`).
 * @param directory the shell's last reported directory. Undefined when a relative path can't be resolved without it.
 */
export function pathOnServer(path: string, directory: string | undefined): string | undefined {
  if (path.startsWith("/") || path.startsWith("~/")) {
    return path;
  }
  return directory === undefined ? undefined : posix.join(directory, path);
}

/**
 * The directory in the body of an OSC sequence by which a shell reports it; undefined: none that is absolute and
 * plain.
 */
export function reportedDirectory(body: string): string | undefined {
  const [, kind = "", value = ""] = /^0*(7;|9;9;|633;P;Cwd=|1337;CurrentDir=)(.*)$/s.exec(body) ?? [];
  const path =
    kind === "7;" ? fileAddressPath(value) : kind === "633;P;Cwd=" ? integrationValue(value) : value;
  return path?.startsWith("/") && path.length <= longestPath && !/[\p{Cc}\p{Cf}]/u.test(path)
    ? path
    : undefined;
}

/** `file://host/path`, percent-encoded. */
function fileAddressPath(value: string): string | undefined {
  const [, encoded] = /^file:\/\/[^/]*(\/.*)$/s.exec(value) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    // Not UTF-8.
    return undefined;
  }
}

/** VS Code's shell integration escapes with `\\` and `\xAB`, and may add a nonce after `;`. */
function integrationValue(value: string): string {
  const [text = ""] = value.split(";", 1);
  return text.replace(/\\(?:\\|x([0-9a-fA-F]{2}))/g, (_all, hex: string | undefined) =>
    hex === undefined ? "\\" : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
