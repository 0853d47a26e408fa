import { Pacer } from "../base/pacer.ts";
import { type LineKey, type LineNames, longestLine, readLine } from "./knownHostLine.ts";
import { namesHost } from "./knownHosts.ts";

/** A line of a known_hosts file with a valid key, for any host. */
export interface KnownHostLine extends LineNames, LineKey {
  /** Counts from 1. */
  readonly number: number;
  /** The offset in the text where the line starts, and where it ends including its line end. */
  readonly start: number;
  readonly end: number;
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
    const line = readLine(text.slice(start, Math.min(end, start + longestLine)));
    if (line !== undefined) {
      lines.push({ ...line, number, start, end, isAboutHost: namesHost(name, line.names) === true });
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
