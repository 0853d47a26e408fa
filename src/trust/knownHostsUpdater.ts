import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { HostKeyAnnouncement, HostKeyPrompter, PresentedHostKey } from "./hostKeyPorts.ts";
import { type HostKeyUpdate, type KnownHostsText, planHostKeyUpdate, updatedText } from "./hostKeyUpdate.ts";
import { formatKnownHost } from "./knownHosts.ts";
import type { KnownHostsStorage } from "./knownHostsStorage.ts";
import { withoutNone } from "./loadKnownHosts.ts";
import { claimedKeyType, sha256Fingerprint } from "./publicKeyBlob.ts";

export interface KnownHostsUpdaterParts {
  readonly config: HostConfig;
  /** As made by `knownHostName`. */
  readonly name: string;
  readonly storage: KnownHostsStorage;
  readonly prompter: HostKeyPrompter;
  readonly logger: Logger;
}

/**
 * Updates the user's known_hosts files with the keys of a trusted server (UpdateHostKeys): adds new keys after the
 * server has proven that it holds them, and removes those that it no longer has. Never rejects, because the
 * connection does not depend on it.
 */
export async function updateKnownHosts(
  parts: KnownHostsUpdaterParts,
  announcement: HostKeyAnnouncement,
  signal: AbortSignal,
): Promise<void> {
  const { logger, name } = parts;
  try {
    const changed = await update(parts, announcement, signal);
    logger.debug(`UpdateHostKeys: ${changed}`);
  } catch (error) {
    if (!signal.aborted) {
      logger.warn(
        `The keys of ${printable(name)} could not be updated: ${printable(asError(error).message)}`,
      );
    }
  }
}

async function update(
  { config, name, storage, prompter, logger }: KnownHostsUpdaterParts,
  { keys, prove }: HostKeyAnnouncement,
  signal: AbortSignal,
): Promise<string> {
  const files = withoutNone(config.userKnownHostsFiles);
  const read = async () =>
    (await Promise.all(files.map(async (file) => ({ file, text: await storage.read(file) })))).flatMap(
      ({ file, text }) => (text === undefined ? [] : [{ file, text }]),
    );
  const there = await read();
  const plan = await planHostKeyUpdate(there, name, keys);
  if (plan.kind === "nothing") {
    return printable(plan.why);
  }
  if (plan.added.length > 0 && !(await prove(plan.added, signal))) {
    logger.warn(
      `${printable(name)} announces host keys and can't prove that it holds them: nothing is changed`,
    );
    return "the server's proof is wrong";
  }
  if (config.updateHostKeys === "ask" && !(await mayUpdate(plan))) {
    return "the user declined";
  }
  signal.throwIfAborted();
  return await locked([...new Set(there.map(({ file }) => file))].sort(), async () => {
    // Another window may have made this or another update.
    const now = await read();
    const rest = await planHostKeyUpdate(now, name, keys);
    if (rest.kind === "nothing") {
      return printable(rest.why);
    }
    return await write(now, {
      added: rest.added.filter((key) => plan.added.some((proven) => proven.equals(key))),
      removed: rest.removed.filter(({ key }) => plan.removed.some((shown) => shown.key.equals(key))),
    });
  });

  async function locked<T>([file, ...others]: readonly string[], work: () => Promise<T>): Promise<T> {
    return await (file === undefined ? work() : storage.exclusively(file, () => locked(others, work)));
  }

  async function write(texts: readonly KnownHostsText[], { added, removed }: HostKeyUpdate): Promise<string> {
    const [first] = files;
    for (const { file, text } of texts) {
      const gone = removed.filter((line) => line.file === file);
      const lines =
        file === first
          ? added.flatMap(
              (key) => formatKnownHost(name, claimedKeyType(key), key, config.hashKnownHosts) ?? [],
            )
          : [];
      if (gone.length > 0) {
        await storage.replace(file, text, updatedText(text, gone, lines));
      } else {
        for (const line of lines) {
          await storage.append(file, line);
        }
      }
    }
    for (const key of added) {
      logger.info(
        `Learned a new key of ${printable(name)}: ${claimedKeyType(key)} ${sha256Fingerprint(key)}`,
      );
    }
    for (const { type, key } of removed) {
      logger.info(`Removed a key that ${printable(name)} no longer has: ${type} ${sha256Fingerprint(key)}`);
    }
    return `${added.length} added, ${removed.length} removed`;
  }

  async function mayUpdate({ added, removed }: HostKeyUpdate): Promise<boolean> {
    const { alias } = config;
    const question = {
      host: name,
      alias,
      added: added.map(shown),
      removed: removed.map(({ key }) => shown(key)),
    };
    return !config.batchMode && ((await prompter.confirmUpdate?.(question, signal)) ?? false);
  }
}

function shown(key: Buffer): PresentedHostKey {
  return { key, type: claimedKeyType(key), fingerprint: sha256Fingerprint(key) };
}
