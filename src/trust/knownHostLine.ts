/**
 * The format of a line of known_hosts (sshd(8), hostkeys_foreach_file and check_markers in hostfile.c). The names are
 * read apart from the key, because most lines are for other hosts, and a key takes longer.
 */
import { claimedKeyType, decodeBase64, publicKeyType } from "./publicKeyBlob.ts";

export type LineMarker = "none" | "revoked" | "cert-authority";

/** What a line says before its key. */
export interface LineNames {
  readonly marker: LineMarker;
  /** As written. */
  readonly names: string;
  /** What follows the names. */
  readonly rest: string;
}

export interface LineKey {
  readonly type: string;
  readonly key: Buffer;
}

export type LineKeyFault =
  | "absent"
  | "malformed"
  /** Its type is unknown, differs from the one on the line, or the key is damaged. */
  | "unusable"
  /** As `unusable`, but the line and the key agree on the type. No server can send such a key. */
  | "unsupported";

/** In characters. The rest is not read: the longest key has less than 3,000. */
export const longestLine = 256 * 1024;

/** @param raw in latin1. @returns undefined for an empty line or a comment. */
export function readLineNames(raw: string): LineNames | "unknown-marker" | undefined {
  // OpenSSH works on C strings: a NUL ends the line.
  const line = (raw.split("\0", 1)[0] ?? "").replace(/^[ \t]+/, "");
  if (line === "" || line.startsWith("#")) {
    return undefined;
  }
  const marked = readMarker(line);
  if (marked === undefined) {
    return "unknown-marker";
  }
  const { marker, rest } = marked;
  const blank = rest.search(/[ \t]/);
  return blank < 0
    ? { marker, names: rest, rest: "" }
    : { marker, names: rest.slice(0, blank), rest: rest.slice(blank) };
}

export function readLineKey({ rest }: LineNames): LineKey | LineKeyFault {
  if (rest === "") {
    return "absent";
  }
  const [, type, encoded = ""] = /^[ \t]+([^ \t]+)[ \t]+([^ \t]+)/.exec(rest) ?? [];
  const key = decodeBase64(encoded);
  if (type === undefined || type.startsWith("#") || key === undefined) {
    return "malformed";
  }
  if (publicKeyType(key) === type) {
    return { type, key };
  }
  return claimedKeyType(key) === type ? "unsupported" : "unusable";
}

/** The names and the key of a line, whatever its names; undefined: it has no usable key. @param raw in latin1. */
export function readLine(raw: string): (LineNames & LineKey) | undefined {
  const names = readLineNames(raw);
  if (names === undefined || names === "unknown-marker") {
    return undefined;
  }
  const key = readLineKey(names);
  return typeof key === "string" ? undefined : { ...names, ...key };
}

/** Without its end. @param names a name, a pattern, a list of them, or a hashed name */
export function formatLine(names: string, { type, key }: LineKey): string {
  return `${names} ${type} ${key.toString("base64")}`;
}

/**
 * Takes `@revoked` or `@cert-authority` off the front. The marker ends at the line's first space, or at a tab if
 * there is no space: check_markers does the same.
 */
function readMarker(line: string): { readonly marker: LineMarker; readonly rest: string } | undefined {
  if (!line.startsWith("@")) {
    return { marker: "none", rest: line };
  }
  const space = line.indexOf(" ");
  const end = space >= 0 ? space : line.indexOf("\t");
  const word = line.slice(0, Math.max(0, end));
  const rest = line.slice(Math.max(0, end)).replace(/^[ \t]+/, "");
  if ((word !== "@revoked" && word !== "@cert-authority") || rest.startsWith("@")) {
    return undefined;
  }
  return { marker: word === "@revoked" ? "revoked" : "cert-authority", rest };
}
