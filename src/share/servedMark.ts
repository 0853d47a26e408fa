import { utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";

/** Milliseconds. A process that is stopped or blocked for longer counts as gone. */
const ahead = 5_000;

/** Milliseconds. */
const interval = 2_000;

/**
 * A stopped or blocked process still accepts connections (the kernel does), and nothing ever answers. So the time of a
 * served socket lies in the future, and only a process that runs keeps it there: a shell compares it with the time of a
 * file that it has just written, without starting a program. Cleaners of temporary files see that the socket is in use.
 * @returns when the sockets are marked; disposing ends it
 */
export async function markServed(paths: readonly string[], clock: Clock = systemClock): Promise<Disposable> {
  let isOver = false;
  let timer: Disposable | undefined;
  const mark = async (): Promise<void> => {
    const time = new Date(clock.now() + ahead);
    // What has gone is found by nobody.
    await Promise.allSettled(paths.map((path) => utimes(path, time, time)));
    if (!isOver) {
      timer = clock.setTimeout(
        guarded(() => void mark()),
        interval,
      );
    }
  };
  await mark();
  return toDisposable(() => {
    isOver = true;
    timer?.dispose();
  });
}

/** Beside a socket: the file that a shell writes to know the time. All share it: whoever writes it, it tells the time. */
export function nowFile(socket: string): string {
  return join(dirname(socket), "now");
}

/**
 * A condition for a shell script, of builtins only: whether the process that marks the socket runs. Where nothing can be
 * written, it holds.
 * @param now, socket as the script has them, without quotes
 */
export function isServedCondition(now: string, socket: string): string {
  return `{ true 2>/dev/null >"${now}"; [ ! "${now}" -nt "${socket}" ]; }`;
}
