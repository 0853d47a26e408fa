import { lstat } from "node:fs/promises";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { OtherEngineError } from "../../auth/authErrors.ts";
import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { Emitter } from "../../base/emitter.ts";
import { asError, CancelledError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import type {
  EngineChannel,
  EngineConnection,
  LastingSocket,
  SessionSpec,
} from "../../engine/connectionEngine.ts";
import { ChannelError, connectionEnded } from "../../engine/engineErrors.ts";
import { KeeperConnection } from "../../engine/keeper/keeperConnection.ts";
import {
  type KeptListed,
  type KeptOpen,
  type KeptOpened,
  keeperSocketName,
  type ServedConnection,
  type ServedPrograms,
} from "../../engine/keeper/keeperMessages.ts";
import type { KeeperSocket } from "../../engine/keeper/keeperSocket.ts";
import { KeptChannel } from "../../engine/keeper/keptChannel.ts";
import type { KeptPrograms } from "../../engine/keeper/keptPrograms.ts";
import type { ConnectCall } from "../../engine/keeper/loginMessages.ts";
import { joinWindow } from "../../engine/window/joinWindow.ts";
import type { HopResolver, JoinEvents, JoinedLogin, OtherConnections } from "../../master/masterPorts.ts";
import { ShareError } from "../shareErrors.ts";
import { prepareSocketFolder, socketFolderPath } from "../socketFolder.ts";
import { hashOf } from "../windowKeys.ts";
import { answerLogin, sent } from "./answeredLogin.ts";
import { type KeeperTalk, keeperPaths, lookAt, silentKeeper, startKeeper, talkAt } from "./keeperProgram.ts";

/** The keeper answers at once, unless it is stopped or blocked meanwhile. Milliseconds. */
const answerPatience = 5_000;

/** A keeper that is to stop ends its conversations soon. Milliseconds. */
const stopPatience = 5_000;

/** A keeper may be killed during a login. The next one starts from the beginning. */
const attempts = 2;

export interface KeeperSharingInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The setting. Read whenever it matters. */
  isOn(): boolean;
  /** The setting: the keeper goes on after a logout of its user. */
  staysAfterLogout(): boolean;
  /** Of this extension: another build may mean something else by what it sends. */
  readonly build: string;
  windowName(): string;
  /** The same in all windows that remember the same terminals. */
  readonly workspace: string;
  /** @throws ConfigError for what must not run, and ConnectError `local` for what the keeper can't connect to */
  checkHost(config: JoinedLogin["config"]): void;
  readonly resolveHop: HopResolver;
  /** Where the keeper is off, or can't be used. */
  readonly others: OtherConnections;
  /** Default: the user's own, common to all editors. */
  readonly folder?: string;
}

/** A login to the host could not use the keeper. The window logs in itself then. */
export interface KeeperFailure {
  readonly host: string;
  readonly error: Error;
}

/** This window's side of the keeper: it starts it, connects by it, and attaches to its sessions. */
export class KeeperSharing implements OtherConnections {
  readonly #init: KeeperSharingInit;
  readonly #folder: string;
  #starting: Promise<KeeperTalk> | undefined;
  readonly #failed = new Emitter<KeeperFailure>();
  #hasFailed = false;

  /** Fires once, until the keeper can be used again. */
  readonly onDidFail = this.#failed.event;

  constructor(init: KeeperSharingInit) {
    this.#init = init;
    this.#folder = init.folder ?? socketFolderPath();
  }

  /** The keeper holds what this window opens now. */
  get isOn(): boolean {
    return process.platform !== "win32" && this.#init.isOn();
  }

  async join(
    login: JoinedLogin,
    signal: AbortSignal,
    events?: JoinEvents,
  ): Promise<EngineConnection | undefined> {
    if (!this.isOn || login.engine.runsInKeeper !== true) {
      return await this.#init.others.join(login, signal, events);
    }
    let failure: Error | undefined;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        const joined =
          (await this.#joinExisting(login, signal)) ?? (await this.#connect(login, signal, events));
        this.#hasFailed = false;
        return joined;
      } catch (error) {
        signal.throwIfAborted();
        if (OtherEngineError.is(error)) {
          return undefined;
        }
        if (!isKeepersFault(error)) {
          throw error;
        }
        failure = asError(error);
        this.#init.logger.warn(`The keeper can't be used: ${printable(failure.message)}`);
        // Only if it has ended meanwhile does another one help.
        if (!ChannelError.is(error) || error.reason !== "connection-ended") {
          break;
        }
      }
    }
    if (failure !== undefined && !this.#hasFailed) {
      this.#hasFailed = true;
      this.#failed.fire({ host: login.config.alias, error: failure });
    }
    return await this.#init.others.join(login, signal, events);
  }

  /** All sessions of all keepers of this user. Undefined: no keeper runs. */
  async find(): Promise<readonly KeptListed[] | undefined> {
    const afterLogout = this.#init.staysAfterLogout();
    const lists = await this.#askAll(({ socket }) => this.#ask(socket, "list", { afterLogout }));
    // A keeper of this protocol replies so.
    return lists.length === 0 ? undefined : lists.flatMap((list) => list as readonly KeptListed[]);
  }

  /** Another window shows it: not one of this workspace that has crashed or is reloading. */
  isShownElsewhere({ window, workspace }: Pick<KeptListed, "window" | "workspace">): boolean {
    return window !== undefined && workspace !== undefined && workspace !== this.#init.workspace;
  }

  /** Ends a session, wherever it is. */
  async end(id: string): Promise<void> {
    await this.#askAll(({ socket }) => this.#ask(socket, "end", id));
  }

  /** Ends all keepers with their sessions, and resolves when they have ended. */
  async stop(): Promise<void> {
    await this.#askAll(async ({ socket }) => {
      await this.#ask(socket, "stop").catch(() => {});
      await new Promise<void>((resolve) => {
        const timer = this.#init.clock.setTimeout(resolve, stopPatience);
        socket.onDidClose(() => {
          timer.dispose();
          resolve();
        });
        if (socket.isClosed) {
          timer.dispose();
          resolve();
        }
      });
    });
  }

  async #ask(socket: KeeperSocket, name: string, args?: unknown, signal?: AbortSignal): Promise<unknown> {
    const limit = new Deadline(this.#init.clock, answerPatience, silentKeeper, signal);
    try {
      return await socket.call(name, args, limit.signal);
    } finally {
      limit.dispose();
    }
  }

  async #askAll<T>(ask: (talk: KeeperTalk) => Promise<T>): Promise<readonly T[]> {
    const replies: T[] = [];
    for (const path of await keeperPaths(this.#folder)) {
      const talk = await talkAt(path, this.#init.clock);
      if (talk !== undefined) {
        try {
          replies.push(await ask(talk));
        } catch (error) {
          this.#init.logger.warn(`The keeper ${talk.hello.pid}: ${printable(asError(error).message)}`);
        } finally {
          talk.socket.end();
        }
      }
    }
    return replies;
  }

  /** A keeper that leaves may still have the connection of sessions from before. */
  async #joinExisting(login: JoinedLogin, signal: AbortSignal): Promise<EngineConnection | undefined> {
    for (const path of await keeperPaths(this.#folder)) {
      const talk = await lookAt(path, this.#init.clock);
      if (talk === "silent") {
        if (basename(path) === keeperSocketName) {
          throw silentKeeper();
        }
      } else if (talk !== undefined) {
        try {
          const served = await this.#ask(talk.socket, "where", hashOf(login.key), signal);
          const joined =
            served === undefined ? undefined : await this.#joinAt(served as ServedConnection, login, signal);
          if (joined !== undefined) {
            return joined;
          }
        } finally {
          talk.socket.end();
        }
      }
    }
    return undefined;
  }

  async #connect(
    login: JoinedLogin,
    signal: AbortSignal,
    events: JoinEvents | undefined,
  ): Promise<EngineConnection> {
    const { config, folder, policies, allowPrompts, key, alternatives } = login;
    this.#init.checkHost(config);
    const { socket } = await this.#current(signal);
    // A question of a login that is over closes.
    const over = new AbortController();
    socket.onDidClose(() => over.abort(connectionEnded()));
    try {
      answerLogin(socket, {
        ...{ policies, use: { config, folder }, onWait: events?.onWait },
        signal: AbortSignal.any([signal, over.signal]),
        login: login.login,
        canOtherEngine: async (left) => {
          const able = await Promise.all(alternatives.map((each) => each.mayLogInBy(config, left)));
          return able.includes(true);
        },
        resolveHop: async (hop, before, during) => {
          const resolved = await this.#init.resolveHop(hop, before, during);
          this.#init.checkHost(resolved);
          return resolved;
        },
      });
      // The keeper reports what the login waits for.
      socket.onNote("news", (news) => events?.onNews(news as Parameters<JoinEvents["onNews"]>[0]));
      const call: ConnectCall = {
        ...{ build: this.#init.build, key: hashOf(key), config: sent(config), folder, allowPrompts },
        policy: policies([{ config, folder }]),
        afterLogout: this.#init.staysAfterLogout(),
      };
      const served = (await socket.call("connect", call, signal)) as ServedConnection;
      const joined = await this.#joinAt(served, login, signal);
      if (joined === undefined) {
        // It was there a moment ago, as its keeper was.
        throw connectionEnded();
      }
      return joined;
    } finally {
      socket.end();
    }
  }

  /** A keeper of this build: another one is asked to take nothing new any more. */
  async #current(signal: AbortSignal): Promise<KeeperTalk> {
    await prepareSocketFolder(this.#folder);
    const { build, clock } = this.#init;
    const path = join(this.#folder, keeperSocketName);
    const found = await lookAt(path, clock);
    if (found === "silent") {
      throw silentKeeper();
    }
    if (found?.hello.build === build) {
      return found;
    }
    if (found !== undefined) {
      await this.#ask(found.socket, "leave", undefined, signal).finally(() => found.socket.end());
    }
    // One start for all connections of this window; each has its own conversation.
    this.#starting ??= startKeeper(this.#folder, build, clock).finally(() => {
      this.#starting = undefined;
    });
    const started = await this.#starting;
    started.socket.end();
    const talk = await talkAt(path, clock);
    if (talk === undefined) {
      // It was there a moment ago.
      throw connectionEnded();
    }
    return talk;
  }

  async #joinAt(
    { socket: name }: ServedConnection,
    { key }: JoinedLogin,
    signal: AbortSignal,
  ): Promise<EngineConnection | undefined> {
    const { clock, logger } = this.#init;
    if (!/^w[0-9a-f]{12}\.[0-9a-f]{6}$/.test(name)) {
      return undefined;
    }
    const path = join(this.#folder, name);
    const facts = await lstat(path).catch(() => undefined);
    if (facts?.isSocket() !== true || facts.uid !== process.getuid?.()) {
      return undefined;
    }
    const hello = { pid: process.pid, name: this.#init.windowName(), key: hashOf(key) };
    const outcome = await joinWindow(connect(path), hello, { patience: answerPatience, clock }, signal);
    if (outcome.kind !== "joined") {
      logger.warn(`The keeper's connection can't be used: ${outcome.kind}`);
      return undefined;
    }
    const { socket, frames, owner } = outcome;
    const info = owner.info ?? { serverVersion: "", authMethod: "" };
    return new KeeperConnection(
      { ...{ socket, frames, info, clock, logger }, owner: { ...owner, isKeeper: true } },
      async (spec, during) => await this.#openKept(owner.pid, name, spec, during),
      async (programs) => await this.#programsOf(owner.pid, name, programs),
    );
  }

  /** Where plain `ssh` finds this connection. Undefined: the keeper is of a version that serves none. */
  async #programsOf(
    pid: number,
    connection: string,
    programs: KeptPrograms,
  ): Promise<LastingSocket | undefined> {
    const talk = await this.#find(pid);
    if (talk === undefined) {
      return undefined;
    }
    const { socket } = talk;
    programs.follow(socket);
    try {
      const served = (await this.#ask(socket, "programs", connection)) as ServedPrograms;
      if (/^[0-9a-f]{12}$/.test(served.socket)) {
        return { path: join(this.#folder, served.socket), knownHosts: served.knownHosts };
      }
    } catch (error) {
      this.#init.logger.info(`The keeper serves no programs: ${printable(asError(error).message)}`);
    }
    socket.end();
    return undefined;
  }

  async #openKept(
    pid: number,
    connection: string,
    { keep, ...spec }: SessionSpec,
    signal: AbortSignal,
  ): Promise<EngineChannel | undefined> {
    const talk = keep && (await this.#find(pid));
    if (keep === undefined || talk === undefined) {
      throw connectionEnded();
    }
    const { socket } = talk;
    try {
      const { build, workspace } = this.#init;
      const window = { pid: process.pid, name: this.#init.windowName(), workspace };
      const call: KeptOpen = { build, ...window, socket: connection, spec, keep };
      const opened = (await socket.call("open", call, signal)) as KeptOpened | undefined;
      if (opened === undefined) {
        socket.end();
        this.#init.logger.info("the keeper is of another version, and keeps no new session");
        return undefined;
      }
      return new KeptChannel(socket, opened);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** The keeper of this process id, whose socket may have moved. */
  async #find(pid: number): Promise<KeeperTalk | undefined> {
    for (const path of await keeperPaths(this.#folder)) {
      const talk = await talkAt(path, this.#init.clock);
      if (talk?.hello.pid === pid) {
        return talk;
      }
      talk?.socket.end();
    }
    return undefined;
  }
}

/** The keeper has failed, not the login. */
function isKeepersFault(error: unknown): boolean {
  return (
    ShareError.is(error) ||
    (!CancelledError.is(error) &&
      !(
        error instanceof Error &&
        "reason" in error &&
        error.reason !== "local" &&
        error.reason !== "connection-ended"
      ))
  );
}
