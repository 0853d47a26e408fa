import { Pacer } from "../base/pacer.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { longestLine, readLine } from "./knownHostLine.ts";
import type { KnownHostsStorage } from "./knownHostsStorage.ts";
import { withoutNone } from "./loadKnownHosts.ts";

/** A line of known_hosts that has the key under another name. */
export interface OtherName {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** As it is in the file; undefined: it is hashed. */
  readonly name: string | undefined;
}

/** More are counted, but not named. */
export const mostOtherNames = 8;

/**
 * Finds the lines that make `key` known, for whichever names (try_tell_hostkeys and hostkeys_find_by_key_hostfile in
 * sshconnect.c). Most files do not have the key at all, which one search shows.
 */
export async function findOtherNames(
  file: string,
  contents: Uint8Array,
  key: Buffer,
): Promise<readonly OtherName[]> {
  const bytes = Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
  const encoded = key.toString("base64");
  const found: OtherName[] = [];
  const pacer = new Pacer();
  let hit = bytes.indexOf(encoded);
  let start = 0;
  for (let number = 1; hit >= 0; number++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (hit < end) {
      const line = readLine(bytes.toString("latin1", start, Math.min(end, start + longestLine)));
      if (line?.marker === "none" && line.key.equals(key)) {
        const names = Buffer.from(line.names, "latin1").toString("utf8");
        found.push({ file, line: number, name: names.startsWith("|") ? undefined : names });
      }
      hit = bytes.indexOf(encoded, end);
    }
    if (pacer.isDue(1)) {
      await pacer.pause();
    }
    start = end + 1;
  }
  return found;
}

/** Where a key is known under any name. A file that can't be read has been reported before. */
export async function loadOtherNames(
  config: Pick<HostConfig, "userKnownHostsFiles" | "globalKnownHostsFiles">,
  key: Buffer,
  storage: KnownHostsStorage,
): Promise<readonly OtherName[]> {
  const found: OtherName[] = [];
  for (const file of withoutNone([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles])) {
    const bytes = await storage.readBytes(file).catch(() => undefined);
    found.push(...(bytes === undefined ? [] : await findOtherNames(file, bytes, key)));
  }
  return found;
}
