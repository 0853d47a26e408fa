import { createHash } from "node:crypto";
import { systemClock } from "../../src/base/clock.ts";
import { type Logger, silentLogger } from "../../src/base/log.ts";
import { PipePlace } from "../../src/share/meeting/pipePlace.ts";

/**
 * Abstract sockets in place of Windows' named pipes: a name for all users, which one process can have, ends with it, and
 * leaves nothing behind.
 */
export function abstractPipe(folder: string): (id: string) => string {
  // As the names of pipes are those of one computer, tests with folders of their own don't meet.
  const ground = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  return (id) => `\0ssh-sessions-test-${ground}-${id}`;
}

/** What windows on Windows use. @param folder in place of the one in the user's profile */
export function pipePlaceOnLinux(
  folder: string,
  logger: Logger = silentLogger,
  clock = systemClock,
): PipePlace {
  return new PipePlace({ clock, logger, folder, pipePath: abstractPipe(folder) });
}

/** Where windows meet, for tests of both: the environment of a window (see windowChild.ts). */
export const meetingPlaces: readonly (readonly [string, NodeJS.ProcessEnv])[] = [
  ["sockets in a folder", {}],
  ["pipes", { WINDOW_PLACE: "pipes" }],
];
