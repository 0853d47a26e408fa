import type { Clock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";
import { ConfigError } from "../config/configErrors.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import { destinationKey } from "../config/destinationKey.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { ConnectionEngine } from "../engine/connectionEngine.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import type { MasterInit, Transport } from "./connectMaster.ts";
import { jumpFailure } from "./jumpFailure.ts";
import { Master } from "./master.ts";
import type {
  AlternativesChooser,
  EngineChooser,
  HopResolver,
  LoginFactory,
  MasterPolicies,
  OtherConnections,
  ProxyRunner,
} from "./masterPorts.ts";
import type { LoginNews } from "./masterTypes.ts";
import { PolicyRefresh } from "./policyRefresh.ts";

export interface MasterRegistryInit {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly chooseEngine: EngineChooser;
  /** Default: none takes over. */
  readonly alternatives?: AlternativesChooser;
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
  /** @throws ConfigError */
  resolve(host: string): Promise<HostConfig>;
  readonly resolveHop: HopResolver;
  readonly runProxy: ProxyRunner;
  /** Default: nothing is shared with others. */
  readonly others?: OtherConnections;
}

/** A master and its lease: dispose it when done. */
export interface MasterLease extends Disposable {
  readonly master: Master;
}

/** All masters, one per destination (more only while the first is full). Owns them. */
export class MasterRegistry implements Disposable {
  readonly #init: MasterRegistryInit;
  readonly #masters = new Map<string, Master>();
  /** Maps a master to that of its last jump host. */
  readonly #jumps = new Map<string, Master>();
  readonly #changed = new Emitter<void>();
  readonly #policyRefresh: PolicyRefresh;
  #nextId = 1;
  #disposed = false;

  /** A master was added, removed or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: MasterRegistryInit) {
    this.#init = init;
    this.#policyRefresh = new PolicyRefresh({
      masters: () => this.#masters.values(),
      resolve: (host) => init.resolve(host),
      logger: init.logger,
    });
  }

  /** Live masters, and lost ones until they are forgotten, oldest first. */
  get masters(): readonly Master[] {
    return [...this.#masters.values()];
  }

  get(id: string): Master | undefined {
    return this.#masters.get(id);
  }

  /**
   * The master for this destination: the existing one, or a new one that starts to connect. This is synchronous, so
   * that simultaneous callers share one login. The lease counts from now.
   * @param behind keys of the masters that wait for this one as their jump host.
   * @throws ConfigError `jump-loop`
   */
  acquire(use: ConnectionUse, allowPrompts: boolean, behind: readonly string[] = []): MasterLease {
    const { config } = use;
    if (this.#disposed) {
      throw new ConnectError("local", "The extension is shutting down");
    }
    const engine = this.#init.chooseEngine(use);
    const key = masterKey(engine, config);
    if (behind.includes(key)) {
      // It would wait for itself.
      throw new ConfigError("jump-loop", `The jump hosts of ${config.alias} lead back to it`);
    }
    const same = this.masters.filter((candidate) => candidate.key === key);
    let master = same.find((candidate) => candidate.acceptsSessions);
    if (master === undefined) {
      for (const stale of same.filter((candidate) => candidate.isEnded)) {
        this.forget(stale.id);
      }
      const full = same.filter((candidate) => candidate.isUsable);
      master = this.#create(use, { key, engine }, allowPrompts, behind, full[0]);
    }
    return leased(master, use);
  }

  /** The key of the masters that this use may share. */
  keyOf(use: ConnectionUse): string {
    return masterKey(this.#init.chooseEngine(use), use.config);
  }

  /**
   * Like `acquire`, but also on a connection that accepts no more sessions: MaxSessions does not count other
   * channels.
   */
  join(use: ConnectionUse, allowPrompts: boolean): MasterLease {
    const key = this.keyOf(use);
    const full = this.masters.find((each) => each.key === key && each.isUsable && !each.acceptsSessions);
    const hasRoom = this.masters.some((each) => each.key === key && each.acceptsSessions);
    return full !== undefined && !hasRoom ? leased(full, use) : this.acquire(use, allowPrompts);
  }

  /** Like `acquire`, but only on an existing connection. @throws ChannelError `connection-ended` if none has room. */
  share(use: ConnectionUse): MasterLease {
    const key = this.keyOf(use);
    const master = this.masters.find(
      (each) => each.key === key && each.acceptsSessions && each.connection !== undefined,
    );
    if (master === undefined) {
      throw new ChannelError("connection-ended", "There is no connection to share");
    }
    return leased(master, use);
  }

  /** The masters that use this one as their jump host. */
  behind(master: Master): readonly Master[] {
    return this.masters.filter((each) => this.#jumps.get(each.id) === master);
  }

  /** Removes an ended master from the list. */
  forget(id: string): void {
    const master = this.#masters.get(id);
    if (master?.isEnded && this.#masters.delete(id)) {
      this.#changed.fire();
    }
  }

  /**
   * Settings or ssh_config changed. Settings apply at once, ssh_config when it has been read again. Never rejects.
   */
  async refreshPolicies(): Promise<void> {
    for (const master of this.masters) {
      master.refreshPolicies();
    }
    await this.#policyRefresh.run();
  }

  dispose(): void {
    this.#disposed = true;
    for (const master of this.masters) {
      master.dispose();
    }
    this.#masters.clear();
    this.#changed.dispose();
  }

  #create(
    use: ConnectionUse,
    { key, engine }: { readonly key: string; readonly engine: ConnectionEngine },
    allowPrompts: boolean,
    behind: readonly string[],
    full: Master | undefined,
  ): Master {
    const { clock, logger, login, policies, others } = this.#init;
    const { config, folder } = use;
    const id = `m${this.#nextId++}`;
    const transport =
      engine.transport === "own"
        ? undefined
        : this.#transportFor({ id, use, allowPrompts, behind: [...behind, key] });
    const alternatives = this.#init.alternatives?.(use) ?? [];
    const master = new Master({
      ...{ id, key, config, folder, allowPrompts, clock, logger, engine, login, policies, others },
      overflow: full !== undefined,
      // What others have left for us says nothing about a connection of our own.
      channelLimit:
        (full?.connection?.heldBy ?? full?.connection?.rides) === undefined ? full?.room.limit : undefined,
      ...(transport && { transport }),
      alternatives: alternatives.filter((each) => each.engine.transport === engine.transport),
    });
    this.#masters.set(id, master);
    master.onDidChange(() => {
      // Lost masters are shown until they are forgotten; those that closed in order are not.
      if (master.state.kind === "closed") {
        this.#masters.delete(id);
      }
      if (master.isEnded && !master.overflow) {
        this.masters.find((other) => other.key === key && other.overflow && other.isUsable)?.promote();
      }
      this.#changed.fire();
    });
    this.#changed.fire();
    return master;
  }

  #transportFor(jump: Jump): MasterInit["transport"] {
    const { config } = jump.use;
    if (config.proxyJump.length > 0) {
      return (signal, onLost, onNews) => this.#jump(jump, { signal, onLost, onNews });
    }
    if (config.proxyCommand !== undefined) {
      return async (signal, _onLost, onNews) => {
        const { alias } = config;
        const onWords: Parameters<ProxyRunner>[1] = (words) => onNews({ kind: "words", alias, words });
        const stream = await this.#init.runProxy(config, onWords, signal);
        return { stream, hold: toDisposable(() => stream.destroy()) };
      };
    }
    return undefined;
  }

  /**
   * A master leases its last hop's master for its own lifetime; that one leases the hop before it in the same way.
   */
  async #jump(
    { id, use: { config, folder }, allowPrompts, behind }: Jump,
    { signal, onLost, onNews }: JumpHandlers,
  ): Promise<Transport> {
    const last = config.proxyJump.at(-1);
    if (last === undefined) {
      throw new ConfigError("jump-loop", `${config.alias} has no jump host`);
    }
    const before = config.proxyJump.slice(0, -1);
    const hop = await this.#init.resolveHop(last, before, signal).catch((error: unknown) => {
      throw signal.aborted ? error : jumpFailure(config, "connection", error);
    });
    for (let attempt = 1; ; attempt++) {
      const lease = this.acquire({ config: hop, folder }, allowPrompts, behind);
      const { master } = lease;
      const wasThere = master.connection !== undefined;
      const news = master.watchLogin(onNews);
      try {
        const target = { host: config.hostName, port: config.port };
        const stream = await master.channels.directTcpip(target, jumpOriginator, signal);
        this.#jumps.set(id, master);
        const watch = master.onDidChange(() => {
          if (master.isEnded) {
            onLost();
          }
        });
        return {
          stream,
          hold: toDisposable(() => {
            watch.dispose();
            this.#jumps.delete(id);
            stream.destroy();
            lease.dispose();
          }),
        };
      } catch (error) {
        lease.dispose();
        if (signal.aborted) {
          throw error;
        }
        if (attempt === 1 && allowPrompts && master.failedUnasked(error)) {
          continue;
        }
        // An existing master that turns out to be dead is skipped, once.
        if (attempt > 1 || !wasThere || !ChannelError.is(error) || error.reason !== "connection-ended") {
          throw jumpFailure(config, ChannelError.is(error) ? "channel" : "connection", error);
        }
      } finally {
        news.dispose();
      }
    }
  }
}

interface Jump {
  /** Of the master whose transport is needed. */
  readonly id: string;
  readonly use: ConnectionUse;
  readonly allowPrompts: boolean;
  /** Keys of the masters that wait for the jump host, this one's included. */
  readonly behind: readonly string[];
}

interface JumpHandlers {
  readonly signal: AbortSignal;
  onLost(): void;
  /** The jump host's messages during its login, and what the login waits for. */
  onNews(news: LoginNews): void;
}

/** The originator that `ssh -W`, and so ProxyJump, reports (channel_connect_stdio_fwd in OpenSSH's channels.c). */
const jumpOriginator = { host: "127.0.0.1", port: 65_535 };

/** Equal for uses that can share a connection. */
function masterKey(engine: ConnectionEngine, config: HostConfig): string {
  return `${engine.name} ${destinationKey(config)}`;
}

/** The lease counts from now. */
export function leased(master: Master, use: ConnectionUse): MasterLease {
  const lease = master.lease(use);
  return { master, dispose: () => lease.dispose() };
}
