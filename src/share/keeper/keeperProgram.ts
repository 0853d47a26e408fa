import { spawn } from "node:child_process";
import { lstat, readdir } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, extname, join } from "node:path";
import { type Clock, pause } from "../../base/clock.ts";
import { ConnectError, connectionEnded } from "../../engine/engineErrors.ts";
import { exitReason } from "../../engine/keeper/keeperExit.ts";
import {
  type KeeperHello,
  keeperSocketName,
  leavingSocketName,
  readHello,
} from "../../engine/keeper/keeperMessages.ts";
import { KeeperSocket } from "../../engine/keeper/keeperSocket.ts";
import { isOwnFolder } from "../socketFolder.ts";

/** A keeper that does not answer within this time is stopped or blocked. Milliseconds. */
const answerPatience = 5_000;

/** How long a keeper may take to start, and how often it is looked for. Milliseconds. */
const startPatience = 20_000;
const lookEvery = 25;

/**
 * The keeper's code: in the bundle, where esbuild replaces `import.meta.filename` with `__filename`, it is beside
 * `main.cjs`; in source (Node 24 runs TypeScript) it is in a room of its own.
 */
const thisFile = import.meta.filename;
const keeperFile =
  extname(thisFile) === ".ts"
    ? join(dirname(thisFile), "../../keeper/keeperProcess.ts")
    : join(dirname(thisFile), "keeperProcess.cjs");

/** A conversation with a keeper. */
export interface KeeperTalk {
  readonly socket: KeeperSocket;
  readonly hello: KeeperHello;
}

/** Undefined: no keeper answers there, or one of another protocol. The caller ends the conversation. */
export async function talkAt(path: string, clock: Clock): Promise<KeeperTalk | undefined> {
  const found = await lookAt(path, clock);
  return found === "silent" ? undefined : found;
}

/** As `talkAt`. `silent`: something has accepted the conversation, and does not answer. */
export async function lookAt(path: string, clock: Clock): Promise<KeeperTalk | "silent" | undefined> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts?.isSocket() !== true || facts.uid !== process.getuid?.()) {
    return undefined;
  }
  return await new Promise((resolve) => {
    const socket = new KeeperSocket(connect(path));
    const timer = clock.setTimeout(() => settle("silent"), answerPatience);
    const settle = (hello: KeeperHello | "silent" | undefined): void => {
      timer.dispose();
      if (hello === undefined || hello === "silent") {
        // Before its end, which settles it, too.
        resolve(hello);
        socket.destroy();
      } else {
        resolve({ socket, hello });
      }
    };
    socket.onNote("hello", (value) => settle(readHello(value)));
    socket.onDidClose(() => settle(undefined));
  });
}

/**
 * The paths of all keepers: the one that takes what is new, and those that leave after their last session. None in a
 * folder that others can enter.
 */
export async function keeperPaths(folder: string): Promise<readonly string[]> {
  const names = (await isOwnFolder(folder)) ? await readdir(folder).catch(() => []) : [];
  return names
    .filter((name) => name === keeperSocketName || leavingSocketName.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Starts a keeper, unless another one is there by then, and waits until one answers. It outlives this process.
 * @throws ChannelError `connection-ended` if it was killed meanwhile: the next one may live
 * @throws ConnectError `local` if it can't start, or does not answer in time
 */
export async function startKeeper(folder: string, build: string, clock: Clock): Promise<KeeperTalk> {
  const child = spawn(process.execPath, [keeperFile, folder, build], {
    detached: true,
    stdio: "ignore",
    env: keeperEnvironment(),
    // The folder of a window may go away.
    cwd: "/",
  });
  let hasFailed = false;
  child.on("error", () => {
    hasFailed = true;
  });
  let wasKilled = false;
  let why: string | undefined;
  child.on("exit", (code, signal) => {
    why = exitReason(code);
    wasKilled = signal !== null;
    hasFailed ||= code !== 0;
  });
  child.unref();
  const until = clock.monotonic() + startPatience;
  while (!hasFailed && clock.monotonic() < until) {
    const talk = await lookAt(join(folder, keeperSocketName), clock);
    if (talk === "silent") {
      throw silentKeeper();
    }
    if (talk !== undefined) {
      return talk;
    }
    await pause(clock, lookEvery);
  }
  if (wasKilled) {
    throw connectionEnded();
  }
  throw new ConnectError("local", why === undefined ? "it did not start" : `it did not start: ${why}`);
}

/** It is stopped or blocked. Another one can't have its name. */
export function silentKeeper(): ConnectError {
  return new ConnectError("local", "it does not answer");
}

/** What Node needs, and where the user's files are. All else is of one window, and others have others. */
const needed =
  /^(?:HOME|USER|LOGNAME|SHELL|PATH|LANG|LC_\w+|TZ|TMPDIR|XDG_RUNTIME_DIR|(?:DY)?LD_LIBRARY_PATH)$/;

/** Of the keeper. Windows send what belongs to a connection with their requests. */
export function keeperEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => needed.test(name));
  return { ...Object.fromEntries(own), ELECTRON_RUN_AS_NODE: "1" };
}
