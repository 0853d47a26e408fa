import { randomInt } from "node:crypto";
import { link, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { CancelledError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import type { Logger } from "../base/log.ts";
import { type ConnectionPolicy, withGuests } from "../config/connectionPolicy.ts";
import type { HostConfig, JumpHop } from "../config/hostConfig.ts";
import type { ConnectionEngine, KeepSpec } from "../engine/connectionEngine.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import { field } from "../engine/keeper/keeperJson.ts";
import {
  type KeeperHello,
  type KeptOpen,
  type KeptOpened,
  keeperProtocol,
  keeperSocketName,
  type ServedConnection,
} from "../engine/keeper/keeperMessages.ts";
import { KeeperSocket } from "../engine/keeper/keeperSocket.ts";
import type { ConnectCall } from "../engine/keeper/loginMessages.ts";
import { runProxyCommand } from "../engine/transport/proxyCommand.ts";
import { ServerTalk } from "../engine/transport/serverTalk.ts";
import type { Master } from "../master/master.ts";
import { MasterRegistry } from "../master/masterRegistry.ts";
import { listenIn } from "../share/socketFolder.ts";
import { KeptSession } from "./keptSession.ts";
import type { LoginState } from "./loginState.ts";
import { LogoutWatch } from "./logoutWatch.ts";
import { AskingWindow } from "./relayedLogin.ts";
import { ServedConnections } from "./servedConnections.ts";

/** The time for the last messages to windows before the keeper stops. Milliseconds. */
const stopDelay = 200;

export interface KeeperInit {
  readonly folder: string;
  readonly build: string;
  /** Milliseconds without a connection, a session and a window, after which it leaves. */
  readonly idleLimit: number;
  readonly engine: ConnectionEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** See LogoutWatch. */
  readonly lookEvery: number;
  /** Whether its user is still logged in. Never rejects. */
  loginState(): Promise<LoginState>;
  /** It is to leave. */
  onOver(why: string): void;
}

/** Holds connections and sessions for windows, of which none need be there. */
export class Keeper implements Disposable {
  readonly #init: KeeperInit;
  #server: Server | undefined;
  readonly #registry: MasterRegistry;
  readonly #sockets = new Set<KeeperSocket>();
  /** Those of them that only want to know the programs on a connection. */
  readonly #watchers = new Set<KeeperSocket>();
  readonly #sessions = new Map<string, KeptSession>();
  readonly #served: ServedConnections;
  readonly #logout: LogoutWatch;
  readonly #askers = new WeakMap<HostConfig | JumpHop, AskingWindow>();
  readonly #policies = new WeakMap<HostConfig, ConnectionPolicy>();
  /** The name of its socket. */
  #name = keeperSocketName;
  #isLeaving = false;
  #idle: Disposable | undefined;

  constructor(init: KeeperInit) {
    this.#init = init;
    const { clock, logger, engine } = init;
    this.#registry = new MasterRegistry({
      ...{ clock, logger },
      chooseEngine: () => engine,
      login: (config, options) => this.#askerOf(config).login(config, options),
      policies: (uses) => this.#policyOf(uses.map(({ config }) => config)),
      resolve: () => Promise.reject(new CancelledError()),
      resolveHop: (hop, before, signal) => this.#resolveHop(hop, before, signal),
      runProxy: async (config, onWords, signal) =>
        runProxyCommand(
          config.proxyCommand ?? "",
          new ServerTalk(logger, onWords),
          await this.#askerOf(config).environment(signal),
        ),
    });
    this.#registry.onDidChange(() => this.#update());
    const { folder, loginState, lookEvery } = init;
    this.#served = new ServedConnections({ folder, clock, logger, changed: () => this.#update() });
    this.#logout = new LogoutWatch({
      ...{ clock, lookEvery, state: loginState },
      onLogout: (why) => init.onOver(why),
    });
  }

  get socketPath(): string {
    return join(this.#init.folder, this.#name);
  }

  /** @throws an error with the code EEXIST if another keeper has the name */
  async listen(): Promise<void> {
    const { folder, logger } = this.#init;
    const server = createServer(guarded((socket: Socket) => this.#serve(socket)));
    server.on("error", (error) => logger.warn(`The socket failed: ${error.message}`));
    try {
      await listenIn(folder, server, keeperSocketName);
    } catch (error) {
      server.close();
      throw error;
    }
    this.#server = server;
    logger.info(`the keeper ${process.pid} (${this.#init.build}) listens`);
    this.#update();
  }

  /** A callback has thrown an error that nothing caught. A session whose screen did goes on without what it showed. */
  onUncaught(): void {
    for (const session of this.#sessions.values()) {
      session.checkScreen(() =>
        this.#init.logger.error(`${session.master.id}: the screen of a session was lost`),
      );
    }
  }

  /** Ends all sessions and connections. */
  dispose(): void {
    this.#isLeaving = true;
    this.#idle?.dispose();
    this.#server?.close();
    for (const session of this.#sessions.values()) {
      session.dispose();
    }
    this.#logout.dispose();
    this.#served.dispose();
    this.#registry.dispose();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #serve(raw: Socket): void {
    const socket = new KeeperSocket(raw);
    this.#sockets.add(socket);
    this.#update();
    socket.onDidClose(() => {
      this.#sockets.delete(socket);
      this.#watchers.delete(socket);
      this.#update();
    });
    const { build } = this.#init;
    socket.handle("connect", async (args, signal) => {
      // Both ends are of the same build.
      const call = args as ConnectCall;
      this.#checkBuild(call.build);
      return await this.#connect(socket, call, signal);
    });
    socket.handle("where", async (key) => await this.#served.where(String(key)));
    socket.handle("open", async (args, signal) => await this.#open(socket, args as KeptOpen, signal));
    socket.handle("programs", async (name) => {
      const tell = (programs: unknown): void => socket.note("programs", programs);
      const { served, dispose } = await this.#served.programsOn(String(name), tell);
      if (socket.isClosed) {
        dispose();
      } else {
        this.#watchers.add(socket);
        socket.onDidClose(dispose);
      }
      return served;
    });
    socket.handle("endProgram", async (id) => this.#served.endProgram(String(id)));
    socket.handle("list", async (args) => {
      this.#noteLogout(field(args, "afterLogout"));
      return [...this.#sessions.values()].map((session) => session.listed());
    });
    socket.handle("end", async (id) => this.#sessions.get(String(id))?.end());
    socket.handle("leave", async () => await this.#leave());
    socket.handle("stop", async () => {
      this.#isLeaving = true;
      for (const session of this.#sessions.values()) {
        session.stop();
      }
      this.#init.clock.setTimeout(() => this.#init.onOver("stopped by its user"), stopDelay);
    });
    socket.note("hello", { protocol: keeperProtocol, build, pid: process.pid } satisfies KeeperHello);
  }

  #checkBuild(build: string): void {
    if (build !== this.#init.build || this.#isLeaving) {
      throw new ConnectError("local", "This keeper takes nothing new");
    }
  }

  /** Another keeper is to take what is new: this one gives it the name, and leaves after its last session. */
  async #leave(): Promise<void> {
    if (this.#isLeaving) {
      return;
    }
    this.#isLeaving = true;
    const { folder, logger } = this.#init;
    // No name is used twice: what a crash left behind may have that of any process.
    const name = `${keeperSocketName}.${randomInt(1e9)}`;
    await link(join(folder, keeperSocketName), join(folder, name));
    this.#name = name;
    await rm(join(folder, keeperSocketName), { force: true });
    logger.info("takes nothing new any more");
    this.#update();
  }

  async #connect(socket: KeeperSocket, call: ConnectCall, signal: AbortSignal): Promise<ServedConnection> {
    const { config, folder, policy, allowPrompts, key } = call;
    this.#noteLogout(call.afterLogout);
    const asker = new AskingWindow(socket, config);
    this.#askers.set(config, asker);
    this.#policies.set(config, policy);
    for (const hop of config.proxyJump) {
      this.#askers.set(hop, asker);
    }
    for (let isFirst = true; ; isFirst = false) {
      const lease = this.#registry.acquire({ config, folder }, allowPrompts);
      const { master } = lease;
      this.#init.logger.info(`${master.id}: a window needs it`);
      const news = master.watchLogin((each) => socket.note("news", each));
      // The window joins before it closes this conversation.
      socket.onDidClose(() => lease.dispose());
      try {
        await master.ready(signal);
        const shared = await this.#served.serve(master, key);
        return { socket: shared.socketName ?? "" };
      } catch (error) {
        lease.dispose();
        // The window that was asked has gone, or it must not ask: this one answers for itself.
        const wasOthers = this.#askers.get(master.config) !== asker;
        if (!isFirst || signal.aborted || !wasOthers) {
          throw error;
        }
      } finally {
        news.dispose();
      }
    }
  }

  async #open(socket: KeeperSocket, call: KeptOpen, signal: AbortSignal): Promise<KeptOpened | undefined> {
    const { keep, spec } = call;
    if (!isKeepSpec(keep)) {
      throw new ChannelError("refused", "The session to keep is malformed");
    }
    const before = this.#sessions.get(keep.id);
    if (before?.isOver === true) {
      this.#forget(before);
    } else if (before !== undefined) {
      return await before.attach(socket, call, spec.pty);
    }
    if (call.build !== this.#init.build || this.#isLeaving) {
      return undefined;
    }
    const master = await this.#served.masterAt(call.socket);
    const channel = await master.channels.session(spec, signal);
    // Another window has opened it meanwhile: nobody could find this one any more.
    const other = this.#sessions.get(keep.id);
    if (other !== undefined && !other.isOver) {
      channel.close();
      return await other.attach(socket, call, spec.pty);
    }
    const session: KeptSession = new KeptSession({
      ...{ master, channel, spec, keep, clock: this.#init.clock },
      activityOnConnection: () =>
        Math.max(
          ...[...this.#sessions.values()].flatMap((each) => (each.master === master ? [each.lastData] : [])),
        ),
      onGone: () => this.#forget(session),
    });
    this.#sessions.set(keep.id, session);
    this.#init.logger.info(`${master.id}: keeps a session`);
    return await session.attach(socket, call, spec.pty);
  }

  #forget(session: KeptSession): void {
    if (this.#sessions.get(session.id) === session) {
      this.#sessions.delete(session.id);
    }
    session.dispose();
    this.#update();
  }

  #askerOf(config: HostConfig): AskingWindow {
    const asker = this.#askers.get(config);
    if (asker === undefined || asker.isGone) {
      throw new ConnectError("local", "The window that asked for the connection has gone");
    }
    return asker;
  }

  #policyOf(configs: readonly HostConfig[]): ConnectionPolicy {
    const [first, ...others] = configs.flatMap((config) => this.#policies.get(config) ?? []);
    if (first === undefined) {
      throw new ConnectError("local", "The policy of the connection is unknown");
    }
    return withGuests(
      first,
      others.flatMap(({ uses }) => uses),
    );
  }

  async #resolveHop(hop: JumpHop, before: readonly JumpHop[], signal: AbortSignal): Promise<HostConfig> {
    const asker = this.#askers.get(hop);
    if (asker === undefined) {
      throw new ConnectError("local", "The window that asked for the connection has gone");
    }
    const { config, policy } = await asker.resolveHop(hop, before, signal);
    this.#askers.set(config, asker);
    this.#policies.set(config, policy);
    for (const each of config.proxyJump) {
      this.#askers.set(each, asker);
    }
    return config;
  }

  /** The setting of the window that has said something last. */
  #noteLogout(staysAfterLogout: unknown): void {
    if (typeof staysAfterLogout === "boolean") {
      this.#logout.staysAfterLogout = staysAfterLogout;
    }
  }

  #update(): void {
    this.#logout.update(this.#sockets.size > 0 || this.#served.areUsed);
    const isBusy =
      this.#sessions.size > 0 ||
      this.#sockets.size > this.#watchers.size ||
      this.#registry.masters.some((master) => !master.isEnded && !(this.#isLeaving && isUnused(master)));
    if (isBusy) {
      this.#idle?.dispose();
      this.#idle = undefined;
    } else {
      this.#idle ??= this.#init.clock.setTimeout(
        () => this.#init.onOver("it has nothing to do"),
        this.#isLeaving ? 0 : this.#init.idleLimit,
      );
    }
  }
}

function isKeepSpec(keep: unknown): keep is KeepSpec {
  const [id, limits, limitedFor] = ["id", "limits", "limitedFor"].map((name) => field(keep, name));
  const isLimit = (limit: unknown): boolean =>
    typeof field(limit, "kind") === "string" && typeof field(limit, "seconds") === "number";
  return (
    typeof id === "string" && Number.isFinite(limitedFor) && Array.isArray(limits) && limits.every(isLimit)
  );
}

/** It stays only for its linger. */
function isUnused(master: Master): boolean {
  return master.state.kind === "lingering";
}
