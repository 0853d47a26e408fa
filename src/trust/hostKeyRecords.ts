import type { HostConfig } from "../config/hostConfig.ts";
import { asciiLowerCase } from "./hostNamePattern.ts";
import { type KnownHostLine, knownHostLines } from "./knownHostLines.ts";
import { knownHostName, namesHost } from "./knownHosts.ts";
import type { KnownHostsStorage } from "./knownHostsStorage.ts";
import { withoutNone } from "./loadKnownHosts.ts";
import { sha256Fingerprint } from "./publicKeyBlob.ts";

type Places = Pick<
  HostConfig,
  "hostName" | "port" | "hostKeyAlias" | "userKnownHostsFiles" | "globalKnownHostsFiles"
>;

/** A line of a known_hosts file for a host. */
export interface HostKeyRecord {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** The name that matched, as made by `knownHostName`. */
  readonly name: string;
  readonly marker: KnownHostLine["marker"];
  readonly type: string;
  readonly key: Buffer;
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** The name under which a host's key is recorded, and the name without the port where that counts too. */
function recordNames({ hostName, port, hostKeyAlias }: Places): readonly [string, ...string[]] {
  if (hostKeyAlias !== undefined) {
    return [asciiLowerCase(hostKeyAlias)];
  }
  return port === 22
    ? [knownHostName(hostName, 22)]
    : [knownHostName(hostName, port), knownHostName(hostName, 22)];
}

/** All lines of the known_hosts files for a host, the user's files first. @throws FileError */
export async function hostKeyRecords(
  config: Places,
  storage: KnownHostsStorage,
): Promise<readonly HostKeyRecord[]> {
  const records: HostKeyRecord[] = [];
  for (const file of withoutNone([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles])) {
    const text = (await storage.read(file)) ?? "";
    const found = new Map<number, HostKeyRecord>();
    // A pattern may match both names.
    for (const name of recordNames(config).toReversed()) {
      for (const line of await knownHostLines(text, name)) {
        if (line.isAboutHost) {
          found.set(line.number, recordOf(line, file, name));
        }
      }
    }
    records.push(...[...found.values()].sort((a, b) => a.line - b.line));
  }
  return records;
}

export interface Forgetting {
  readonly forgotten: readonly HostKeyRecord[];
  /** Lines that still name the host: patterns, authorities, revoked keys, and lines of the machine's files. */
  readonly kept: readonly HostKeyRecord[];
}

/**
 * Removes a host's keys from the user's known_hosts files. Each changed file is kept as `.old`, as `ssh-keygen -R`
 * does. Unlike there, other hosts lose nothing: a list of names loses one name, and a pattern stays.
 * @throws FileError
 */
export async function forgetHostKeys(config: Places, storage: KnownHostsStorage): Promise<Forgetting> {
  const before = await hostKeyRecords(config, storage);
  const userFiles = withoutNone(config.userKnownHostsFiles);
  // While this server has keys of its own, the name without the port belongs to another server.
  const name = recordNames(config).find((one) =>
    before.some((record) => record.marker === "none" && record.name === one),
  );
  const forgotten: HostKeyRecord[] = [];
  if (name === undefined) {
    return { forgotten, kept: before };
  }
  const forgetIn = async (file: string): Promise<void> => {
    const text = await storage.read(file);
    if (text === undefined) {
      return;
    }
    let after = "";
    let from = 0;
    for (const line of await knownHostLines(text, name)) {
      const names = line.isAboutHost && line.marker === "none" ? otherNames(line.names, name) : undefined;
      if (names !== undefined) {
        forgotten.push(recordOf(line, file, name));
        const raw = text.slice(line.start, line.end);
        after += text.slice(from, line.start);
        after += names === "" ? "" : raw.replace(line.names, () => names);
        from = line.end;
      }
    }
    if (from > 0) {
      await storage.replace(file, text, after + text.slice(from));
    }
  };
  for (const file of new Set(userFiles)) {
    await storage.exclusively(file, () => forgetIn(file));
  }
  return { forgotten, kept: await hostKeyRecords(config, storage) };
}

/**
 * The names of a line without `name`; undefined: a pattern also names the host, so that the line would still match.
 */
function otherNames(names: string, name: string): string | undefined {
  const wanted = Buffer.from(name, "utf8").toString("latin1");
  const others = names.split(",").filter((one) => /[*?!]/.test(one) || namesHost(wanted, one) !== true);
  const rest = others.join(",");
  return rest !== "" && namesHost(wanted, rest) === true ? undefined : rest;
}

function recordOf({ number, marker, type, key }: KnownHostLine, file: string, name: string): HostKeyRecord {
  return { file, line: number, name, marker, type, key, fingerprint: sha256Fingerprint(key) };
}
