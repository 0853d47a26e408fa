import { createHmac, randomBytes } from "node:crypto";
import { asciiLowerCase, matchesHostPatterns } from "./hostNamePattern.ts";
import { decodeBase64, publicKeyType } from "./publicKeyBlob.ts";

/** One line of a known_hosts file that names the host asked for. */
export interface KnownHostEntry {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly marker: "none" | "revoked" | "cert-authority";
  readonly type: string;
  readonly key: Buffer;
}

/** A line that names the host, or may, and can't be used. */
export interface KnownHostProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface KnownHostsLookup {
  readonly entries: readonly KnownHostEntry[];
  readonly problems: readonly KnownHostProblem[];
}

const hashMagic = "|1|";
const saltLength = 20;

/** The name that known_hosts has for a host: port 22 goes without saying (put_host_port in misc.c). */
export function knownHostName(host: string, port: number): string {
  const name = asciiLowerCase(host);
  return port === 22 ? name : `[${name}]:${port}`;
}

/**
 * Finds the lines for `host` in the text of a known_hosts file, read as latin1 so that no byte is lost. What OpenSSH
 * skips (hostfile.c, hostkeys_foreach_file) is skipped here.
 *
 * @param host as made by `knownHostName`.
 */
export function findKnownHosts(file: string, text: string, host: string): KnownHostsLookup {
  const name = Buffer.from(host, "utf8").toString("latin1");
  const entries: KnownHostEntry[] = [];
  const problems: KnownHostProblem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    // OpenSSH works on C strings: a NUL ends the line.
    const line = (raw.split("\0", 1)[0] ?? "").replace(/^[ \t]+/, "");
    if (line === "" || line.startsWith("#")) {
      continue;
    }
    const found = readLine(line, name);
    if (typeof found === "string") {
      problems.push({ file, line: index + 1, message: found });
    } else if (found !== undefined) {
      entries.push({ file, line: index + 1, ...found });
    }
  }
  return { entries, problems };
}

/** The entry, undefined when the line is about another host, or words for what is wrong with it. */
function readLine(line: string, name: string): Omit<KnownHostEntry, "file" | "line"> | string | undefined {
  const marked = readMarker(line);
  if (marked === undefined) {
    return "unknown marker";
  }
  const namesEnd = marked.rest.search(/[ \t]/);
  if (namesEnd < 0) {
    return "no key on this line";
  }
  const names = marked.rest.slice(0, namesEnd);
  if (names.startsWith("|")) {
    const matches = matchesHash(name, names);
    if (matches === undefined) {
      return "malformed hashed host name";
    }
    if (!matches) {
      return undefined;
    }
  } else if (!matchesHostPatterns(name, names)) {
    return undefined;
  }
  const fields = /^[ \t]+([^ \t]+)[ \t]+([^ \t]+)/.exec(marked.rest.slice(namesEnd));
  const type = fields?.[1];
  const key = decodeBase64(fields?.[2] ?? "");
  if (type === undefined || type.startsWith("#") || key === undefined) {
    return "malformed key";
  }
  // The type in clear and the one inside the key must agree; both must be known.
  return publicKeyType(key) === type
    ? { marker: marked.marker, type, key }
    : "key of an unknown type, or damaged";
}

/**
 * Takes `@revoked` or `@cert-authority` off the front. The marker ends at the line's first space, and only where
 * there is none at a tab: that is how check_markers (hostfile.c) looks for it.
 */
function readMarker(line: string): { marker: KnownHostEntry["marker"]; rest: string } | undefined {
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

/** Undefined when the hashed name itself is malformed. */
function matchesHash(name: string, hashed: string): boolean | undefined {
  const delimiter = hashed.indexOf("|", hashMagic.length);
  if (!hashed.startsWith(hashMagic) || delimiter < 0) {
    return undefined;
  }
  const salt = decodeBase64(hashed.slice(hashMagic.length, delimiter));
  return salt?.length === saltLength ? hashName(name, salt) === hashed : undefined;
}

function hashName(latin1Name: string, salt: Buffer): string {
  const digest = createHmac("sha1", salt).update(Buffer.from(latin1Name, "latin1")).digest("base64");
  return `${hashMagic}${salt.toString("base64")}|${digest}`;
}

/** The line, without its end, that makes `key` known for `host` (as made by `knownHostName`). */
export function formatKnownHost(host: string, type: string, key: Buffer, hashed: boolean): string {
  const name = hashed
    ? hashName(Buffer.from(host, "utf8").toString("latin1"), randomBytes(saltLength))
    : host;
  return `${name} ${type} ${key.toString("base64")}`;
}
