import { createHmac, randomBytes } from "node:crypto";
import { Pacer } from "../base/pacer.ts";
import { asciiLowerCase, matchesHostPatterns } from "./hostNamePattern.ts";
import { formatLine, type LineMarker, longestLine, readLineKey, readLineNames } from "./knownHostLine.ts";
import { decodeBase64 } from "./publicKeyBlob.ts";

/** One line of a known_hosts file that names the requested host. */
export interface KnownHostEntry {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly marker: LineMarker;
  readonly type: string;
  readonly key: Buffer;
}

/** A line that names the host, or may do so, and can't be used. */
export interface KnownHostProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /**
   * The line is for this host, and its key may differ from the server's, or be revoked. A line about certificates, or
   * with a valid key of a type that no server can send, does not count.
   */
  readonly hidesKey: boolean;
}

export interface KnownHostsLookup {
  readonly entries: readonly KnownHostEntry[];
  readonly problems: readonly KnownHostProblem[];
}

const hashMagic = "|1|";
const saltLength = 20;

/** The name of a host in known_hosts: port 22 is left out (put_host_port in misc.c). */
export function knownHostName(host: string, port: number): string {
  const name = asciiLowerCase(host);
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The longest host name; the pattern matcher's time grows with it. */
const longestHostName = 1024;

/**
 * Finds the lines for `host` in the contents of a known_hosts file; a text is latin1, so that no byte is lost. Lines
 * that OpenSSH skips (hostfile.c, hostkeys_foreach_file) are left out. Long files are read in short stretches, and line
 * by line: making one text of 60 MB holds the event loop for 60 ms.
 *
 * @param host as made by `knownHostName`.
 */
export async function findKnownHosts(
  file: string,
  contents: string | Uint8Array,
  host: string,
): Promise<KnownHostsLookup> {
  const bytes =
    typeof contents === "string"
      ? Buffer.from(contents, "latin1")
      : Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
  const name = Buffer.from(host, "utf8").toString("latin1");
  const entries: KnownHostEntry[] = [];
  const problems: KnownHostProblem[] = [];
  const pacer = new Pacer();
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const found = readKnownHost(bytes.toString("latin1", start, Math.min(end, start + longestLine)), name);
    if (found !== undefined && "message" in found) {
      problems.push({ file, line: number, ...found });
    } else if (found !== undefined) {
      entries.push({ file, line: number, ...found });
    }
    // Weights: a hashed name takes as long as several other lines, and a long list of names as many.
    if (pacer.isDue(4 + ((end - start) >> 9))) {
      await pacer.pause();
    }
    start = end + 1;
  }
  return { entries, problems };
}

type Found = Omit<KnownHostEntry, "file" | "line"> | Omit<KnownHostProblem, "file" | "line">;

/**
 * The entry, undefined when the line is for another host, or a text that says what is wrong.
 * @param name in latin1
 */
function readKnownHost(raw: string, name: string): Found | undefined {
  const line = readLineNames(raw);
  if (line === undefined) {
    return undefined;
  }
  if (line === "unknown-marker") {
    return problem("unknown marker");
  }
  const matches = namesHost(name, line.names);
  if (matches === undefined) {
    return problem("malformed hashed host name");
  }
  if (!matches) {
    return undefined;
  }
  const { marker } = line;
  const isAuthority = marker === "cert-authority";
  const key = readLineKey(line);
  switch (key) {
    case "absent":
      return problem("no key on this line", !isAuthority);
    case "malformed":
      return problem("malformed key", !isAuthority);
    case "unsupported":
      // A revoked key of a type that can't be sent does no harm if it is missed.
      return problem("key of an unknown type, or damaged", marker === "none");
    case "unusable":
      return problem("key of an unknown type, or damaged", !isAuthority);
    default:
      return { marker, ...key };
  }
}

function problem(message: string, hidesKey = false): Found {
  return { message, hidesKey };
}

/** Whether the names of a line match a host; undefined when they are a malformed hash. @param name in latin1 */
export function namesHost(name: string, names: string): boolean | undefined {
  return names.startsWith("|") ? matchesHash(name, names) : matchesHostPatterns(name, names);
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

/** Host names without special meaning in known_hosts. */
const plainName = /^(?:[^\s@?*#[\]|'"\\!,\p{Cc}]{1,255}|\[[^\s@?*#[\]|'"\\!,\p{Cc}]{1,255}\]:\d{1,5})$/u;

/**
 * The line, without its end, that makes `key` known for `host` (as made by `knownHostName`). OpenSSH writes a
 * HostKeyAlias such as `*` or `a,b` unchanged, which makes the key known for other hosts, or for none. Here such a
 * name is written as a hash, which OpenSSH finds too.
 * @returns undefined for a name that can't be written at all.
 */
export function formatKnownHost(
  host: string,
  type: string,
  key: Buffer,
  hashed: boolean,
): string | undefined {
  // A lone surrogate has no UTF-8 form: two different names would become equal.
  if (host === "" || host.length > longestHostName || /\p{Cs}/u.test(host)) {
    return undefined;
  }
  const name =
    hashed || !plainName.test(host)
      ? hashName(Buffer.from(host, "utf8").toString("latin1"), randomBytes(saltLength))
      : host;
  const line = formatLine(name, { type, key });
  // Check that the written line is found again. Otherwise the key would be asked about, or accepted, each time.
  const [rawLine = "", rawHost = ""] = [line, host].map((text) =>
    Buffer.from(text, "utf8").toString("latin1"),
  );
  const found = readKnownHost(rawLine, rawHost);
  const isFound = found !== undefined && "key" in found && found.marker === "none" && found.key.equals(key);
  return isFound ? line : undefined;
}
