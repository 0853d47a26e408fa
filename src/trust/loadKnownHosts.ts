import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { findKnownHosts, type KnownHostEntry } from "./knownHosts.ts";
import type { KnownHostsStorage } from "./knownHostsStorage.ts";

/** An unreadable file or line that may name another key for the host. */
export interface Unreadable {
  readonly file: string;
  readonly line?: number;
}

export interface Loaded {
  readonly entries: readonly KnownHostEntry[];
  readonly unreadable: Unreadable | undefined;
}

const mostProblemsLogged = 20;

/** `none` instead of a list of files means no files (readconf.c). */
export function withoutNone(files: readonly string[]): readonly string[] {
  return files.filter((file) => file.toLowerCase() !== "none");
}

/**
 * The lines for a host in all its known_hosts files, the user's files first.
 * @param name as made by `knownHostName`.
 */
export async function loadKnownHosts(
  config: Pick<HostConfig, "userKnownHostsFiles" | "globalKnownHostsFiles">,
  name: string,
  storage: KnownHostsStorage,
  logger: Logger,
): Promise<Loaded> {
  const entries: KnownHostEntry[] = [];
  let unreadable: Unreadable | undefined;
  for (const file of withoutNone([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles])) {
    try {
      const found = await findKnownHosts(file, (await storage.readBytes(file)) ?? "", name);
      entries.push(...found.entries);
      const damaged = found.problems.find(({ hidesKey }) => hidesKey);
      unreadable ??= damaged && { file, line: damaged.line };
      for (const problem of found.problems.slice(0, mostProblemsLogged)) {
        logger.debug(`${problem.file}:${problem.line} is ignored: ${problem.message}`);
      }
    } catch (error) {
      unreadable ??= { file };
      logger.warn(`${file} can't be read: ${printable(asError(error).message)}`);
    }
  }
  return { entries, unreadable };
}
