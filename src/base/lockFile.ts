import { randomInt } from "node:crypto";
import { constants } from "node:fs";
import { type Clock, pause, systemClock } from "./clock.ts";
import { asFileError } from "./fileErrors.ts";
import type { RawFiles } from "./fileJobs.ts";
import type { LocalFiles } from "./localFiles.ts";

/** One attempt to take a lock. */
export interface LockRequest {
  /** The file that is locked. It need not exist. */
  readonly path: string;
  /** Created with mode 0700 if it is missing and the file belongs in it. */
  readonly folder?: string;
}

export type LockAnswer =
  | { readonly kind: "taken"; readonly lock: string }
  /** `stamp`: which holder it is. */
  | { readonly kind: "held"; readonly lock: string; readonly stamp: string }
  /** The folder is missing or read-only, or the file can't be locked. */
  | { readonly kind: "none" };

const suffix = ".ssh-sessions-lock";

/** Creates the lock file beside the file. Only one program can. */
export async function tryLock(raw: RawFiles, path: string): Promise<LockAnswer> {
  const target = await raw.realpath(path).catch(() => path);
  const isOther = await raw.stat(target).then(
    (stats) => !stats.isFile(),
    () => false,
  );
  if (isOther) {
    return { kind: "none" };
  }
  const lock = `${target}${suffix}`;
  try {
    await raw.close(await raw.open(lock, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
    return { kind: "taken", lock };
  } catch (error) {
    if (asFileError(path, error).code !== "EEXIST") {
      return { kind: "none" };
    }
  }
  const stamp = await raw.stat(lock).then(
    ({ ino, mtimeMs }) => `${ino}:${mtimeMs}`,
    () => "gone",
  );
  return { kind: "held", lock, stamp };
}

/** Milliseconds. The work takes a few; a holder that keeps the lock for longer has died. */
const longestHold = 5000;
const mostPatience = 15_000;
const poll = 15;

/** Work in this process that waits for the same file. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other window of this extension changes the file: it may read, decide and write. Runs without a
 * lock if none is possible, and after 15 s in any case, because OpenSSH itself writes these files without one.
 */
export async function exclusively<T>(
  files: Pick<LocalFiles, "lock" | "unlock">,
  request: LockRequest,
  work: () => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const before = queues.get(request.path);
  const run = (async () => {
    await before?.catch(() => {});
    const lock = await take(files, request, clock);
    try {
      return await work();
    } finally {
      if (lock !== undefined) {
        await files.unlock(lock).catch(() => {});
      }
    }
  })();
  queues.set(request.path, run);
  try {
    return await run;
  } finally {
    if (queues.get(request.path) === run) {
      queues.delete(request.path);
    }
  }
}

async function take(
  files: Pick<LocalFiles, "lock" | "unlock">,
  request: LockRequest,
  clock: Clock,
): Promise<string | undefined> {
  const begun = clock.monotonic();
  let holder = { stamp: "", since: begun };
  while (clock.monotonic() - begun < mostPatience) {
    const answer = await files.lock(request).catch((): LockAnswer => ({ kind: "none" }));
    if (answer.kind !== "held") {
      return answer.kind === "taken" ? answer.lock : undefined;
    }
    const now = clock.monotonic();
    if (answer.stamp !== holder.stamp) {
      holder = { stamp: answer.stamp, since: now };
    } else if (now - holder.since > longestHold) {
      await files.unlock(answer.lock).catch(() => {});
    }
    await pause(clock, poll + randomInt(poll));
  }
  return undefined;
}
