import { Pacer } from "../base/pacer.ts";
import { namesHost, readMarker } from "./knownHosts.ts";
import { decodeBase64, publicKeyType } from "./publicKeyBlob.ts";

/** A line of a known_hosts file with a valid key, for any host. */
export interface KnownHostLine {
  /** Counts from 1. */
  readonly number: number;
  /** The offset in the text where the line starts, and where it ends including its line end. */
  readonly start: number;
  readonly end: number;
  readonly marker: "none" | "revoked" | "cert-authority";
  /** The names, as written. */
  readonly names: string;
  readonly key: Buffer;
  readonly type: string;
  readonly isAboutHost: boolean;
}

/**
 * All lines with a valid key (hostkeys_foreach in hostfile.c).
 * @param text in latin1.
 * @param host as made by `knownHostName`.
 */
export async function knownHostLines(text: string, host: string): Promise<readonly KnownHostLine[]> {
  const name = Buffer.from(host, "utf8").toString("latin1");
  const lines: KnownHostLine[] = [];
  const pacer = new Pacer();
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline + 1;
    const found = readLine(text.slice(start, end), name);
    if (found !== undefined) {
      lines.push({ ...found, number, start, end });
    }
    if (pacer.isDue(8 + ((end - start) >> 9))) {
      await pacer.pause();
    }
    start = end;
  }
  return lines;
}

/** Whether a line's names are what `ssh` writes for one host: no pattern, at most a name and an address. */
export function isSimple({ names, marker }: KnownHostLine): boolean {
  return marker === "none" && !/[*?!]/.test(names) && names.split(",").length <= 2;
}

/** Removes lines from the text. */
export function withoutLines(text: string, lines: readonly KnownHostLine[]): string {
  let rest = "";
  let from = 0;
  for (const { start, end } of [...lines].sort((a, b) => a.start - b.start)) {
    rest += text.slice(from, start);
    from = end;
  }
  return rest + text.slice(from);
}

type Read = Omit<KnownHostLine, "number" | "start" | "end">;

function readLine(raw: string, name: string): Read | undefined {
  const line = (raw.split("\0", 1)[0] ?? "").replace(/^[ \t]+/, "");
  const marked = line === "" || line.startsWith("#") ? undefined : readMarker(line);
  const fields = /^([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t\r\n]+)/.exec(marked?.rest ?? "");
  const [, names = "", type = "", base64 = ""] = fields ?? [];
  const key = decodeBase64(base64);
  if (marked === undefined || key === undefined || publicKeyType(key) !== type) {
    return undefined;
  }
  return { marker: marked.marker, names, key, type, isAboutHost: namesHost(name, names) === true };
}
