/**
 * The entry of the keeper, a process of its own: `keeperProcess FOLDER BUILD`, and for tests IDLE_SECONDS, the ROOT of
 * the system's files, and LOOK_MILLISECONDS. Another keeper may already be there: this one leaves then. It gets no
 * secret by its arguments or its environment.
 */

import { link, lstat, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import { onUnexpectedError } from "../base/guarded.ts";
import { exitCodeOf } from "../engine/keeper/keeperExit.ts";
import { keeperSocketName } from "../engine/keeper/keeperMessages.ts";
import { lazySsh2 } from "../engine/ssh2/lazySsh2.ts";
import {
  clearStaleSockets,
  hasErrorCode,
  prepareSocketFolder,
  refuses,
  temporaryName,
} from "../share/socketFolder.ts";
import { Keeper } from "./keeper.ts";
import { keeperLog } from "./keeperLog.ts";
import { loginStates } from "./loginState.ts";
import { usualLookEvery } from "./logoutWatch.ts";

/** How often the keeper looks for its socket. The system removes its folder with the user's last session. Milliseconds. */
const lookForSocketEvery = 2_000;

const [folder = "", build = "", idleSeconds = "30", root = "/", lookEvery = String(usualLookEvery)] =
  process.argv.slice(2);

async function main(): Promise<void> {
  await prepareSocketFolder(folder);
  const logger = keeperLog(join(folder, "keeper.log"));
  onUnexpectedError((error) => logger.error("unexpected error in a callback", error));
  process.on("unhandledRejection", (error) => logger.error("unexpected rejection", asError(error)));
  const keeper = new Keeper({
    ...{ folder, build, logger, clock: systemClock, idleLimit: Number(idleSeconds) * 1000 },
    engine: lazySsh2(systemClock).engine,
    ...{ loginState: await loginStates(root), lookEvery: Number(lookEvery) },
    onOver: (why) => void leave(why),
  });
  // An error in the parser of one screen must not end the sessions of all others.
  process.on("uncaughtException", (error) => {
    logger.error("unexpected error", error);
    keeper.onUncaught();
  });
  let ino: number | undefined;
  const leave = async (why: string): Promise<void> => {
    logger.info(`the keeper leaves: ${why}`);
    const { socketPath } = keeper;
    keeper.dispose();
    // Another keeper that has the name would leave, too, without its socket.
    const facts = await lstat(socketPath).catch(() => undefined);
    if (facts?.ino === ino) {
      await rm(socketPath, { force: true }).catch(() => {});
    }
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void leave(signal));
  }
  if (!(await hasName(keeper))) {
    process.exit(0);
  }
  ({ ino } = await lstat(keeper.socketPath));
  await clearStaleSockets(folder).catch(() => {});
  const look = (): void => {
    const { socketPath } = keeper;
    lstat(socketPath).then(
      (facts) => {
        if (facts.ino === ino || keeper.socketPath !== socketPath) {
          systemClock.setTimeout(look, lookForSocketEvery);
        } else {
          void leave("its socket is another's");
        }
      },
      // It may have moved meanwhile.
      () => (keeper.socketPath === socketPath ? leave("its socket has gone") : look()),
    );
  };
  look();
}

/** @returns whether this process is the keeper now */
async function hasName(keeper: Keeper): Promise<boolean> {
  const path = join(folder, keeperSocketName);
  for (;;) {
    try {
      await keeper.listen();
      return true;
    } catch (error) {
      if (!hasErrorCode(error, "EEXIST")) {
        throw error;
      }
    }
    const facts = await lstat(path).catch(() => undefined);
    if (facts === undefined) {
      continue;
    }
    if (!facts.isSocket() || facts.uid !== process.getuid?.()) {
      throw new Error("What has the name of the keeper is not a socket of this user");
    }
    if (!(await refuses(path))) {
      return false;
    }
    // Left behind by a crash. Another keeper may be about to replace it.
    const aside = join(folder, temporaryName());
    await rename(path, aside).catch(() => {});
    if (!(await refuses(aside))) {
      // It was replaced meanwhile. If a third one has the name by now, that one stays: see `look`.
      await link(aside, path).catch(() => {});
    }
    await rm(aside, { force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${asError(error).message}\n`);
  process.exit(exitCodeOf(error));
});
