import { basename, dirname } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Deadline } from "../base/deadline.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { isRunning } from "../base/isRunning.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { type Logger, printable } from "../base/log.ts";
import type { ControlPathSource, HostControlPath } from "../config/configPorts.ts";
import { ConfigWatcher } from "../config/configWatcher.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { typedHost } from "../config/hostSpec.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import type { Departures } from "../engine/openssh/departures.ts";
import { type FoundMaster, findMaster } from "../engine/openssh/findMaster.ts";
import { ourMasterAt } from "../engine/openssh/masterFolder.ts";
import { type MuxControl, withMaster } from "../engine/openssh/muxControl.ts";
import { findUsersSocket } from "../engine/openssh/usersSocket.ts";
import type { JoinEvents, JoiningLogin, OtherConnections } from "../master/masterPorts.ts";
import { whileAsking } from "../master/openQuestions.ts";
import { ShareError } from "./shareErrors.ts";
import type { RidingConsent } from "./userMasterPorts.ts";
import type { UserMasterSnapshot } from "./userMasterTypes.ts";

/** A master that did not answer is not asked again for so long. Milliseconds. */
const silentRest = 60_000;

/** For the answer to Stop and Exit: `ssh` may ask its user first (ControlMaster ask). Milliseconds. */
const commandPatience = 30_000;

/** Sockets that are asked at the same time. */
const atOnce = 8;

/** Names that are read of one folder. */
const mostNames = 10_000;

export interface UserMastersInit {
  readonly paths: ControlPathSource;
  readonly consent: RidingConsent;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Control sockets of masters that this window made. */
  readonly ours?: () => ReadonlySet<string>;
  /** Whether this window would make its own connection to the host with `ssh`, and so take over one that is left. */
  readonly takesOver?: (config: HostConfig) => boolean;
  /** Windows share connections. */
  readonly sharesWithWindows?: () => boolean;
  readonly files?: LocalFiles;
  readonly departures?: Departures;
}

/**
 * Masters that the user's own `ssh` made (ControlMaster): seen where ssh_config says that they are, and used where the
 * user agrees. Only sockets that exist are asked, and only while someone looks; a known one is not asked again, because
 * each question starts its ControlPersist anew.
 */
export class UserMasters implements OtherConnections, Disposable {
  readonly #init: UserMastersInit;
  readonly #files: LocalFiles;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly #disposed = new AbortController();
  #listed: Promise<readonly HostControlPath[]> | undefined;
  #found: ReadonlyMap<string, FoundMaster & { readonly hosts: readonly string[] }> = new Map();
  #masters: readonly UserMasterSnapshot[] = Object.freeze([]);
  readonly #ridden = new Set<string>();
  /** By path, monotonic milliseconds. */
  readonly #silentUntil = new Map<string, number>();
  #isVisible = false;
  #watcher: ConfigWatcher | undefined;
  #looking: Promise<void> | undefined;
  #isDue = false;

  /** A master came, went or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: UserMastersInit) {
    this.#init = init;
    this.#files = init.files ?? localFiles;
    this.#store.add(
      init.paths.onDidChange(() => {
        this.#listed = undefined;
        this.#closeWatcher();
        this.#lookIfVisible();
      }),
    );
  }

  /** Live masters, in the order of ssh_config, as of the last look. Frozen. */
  masters(): readonly UserMasterSnapshot[] {
    return this.#masters;
  }

  /** Whether they are shown now: only then the sockets are watched. */
  setVisible(visible: boolean): void {
    this.#isVisible = visible;
    if (visible) {
      this.#lookIfVisible();
    } else {
      this.#closeWatcher();
    }
  }

  /** The user has come back to the window: a master may have ended without a change in its folder. */
  refresh(): void {
    this.#lookIfVisible();
  }

  /** Resolves when the sockets have been looked at. Never rejects. */
  async look(): Promise<void> {
    this.#isDue = true;
    this.#looking ??= this.#lookWhileDue().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  /** The user's consent, for all hosts of this master. */
  async use({ hosts }: UserMasterSnapshot): Promise<void> {
    for (const host of hosts) {
      await this.#init.consent.remember(host, true);
    }
    this.#silentUntil.clear();
  }

  /** It takes no new sessions, and its socket goes away. Those that are open go on. @throws ShareError `refused` */
  async stop(master: UserMasterSnapshot): Promise<void> {
    await this.#command(master, (control) => control.stopListening());
  }

  /** It ends, with every session on it. @throws ShareError `refused` */
  async exit(master: UserMasterSnapshot): Promise<void> {
    await this.#command(master, (control) => control.terminate());
  }

  /**
   * ControlPath, where `ssh` itself would make its master and it leads nowhere else. With `ask` and `autoask` it does
   * not count: a master would need a question for every client of it, also those of this window.
   */
  async pathForNewMaster(config: HostConfig): Promise<string | undefined> {
    const { controlPath, makesControlMaster } = config;
    if (controlPath === undefined || makesControlMaster !== true || this.#init.consent.isOff) {
      return undefined;
    }
    // Without our settings, which may change where the connection leads.
    const own = await this.#init.paths.controlPath(config.alias);
    const other = own === undefined ? "unknown" : await this.#otherDestination(config, controlPath);
    if (other !== undefined) {
      const at = printable(controlPath);
      this.#init.logger.info(`The connection is not shared at ${at}: it may lead to ${printable(other)}`);
    }
    return other === undefined ? controlPath : undefined;
  }

  async join(
    { config, allowPrompts }: Pick<JoiningLogin, "config" | "allowPrompts">,
    signal: AbortSignal,
    events?: Pick<JoinEvents, "onWait">,
  ): Promise<EngineConnection | undefined> {
    const { consent, clock, logger } = this.#init;
    const path = config.controlPath;
    if (path === undefined || !this.#mayRide(path) || config.forwardAgent !== false) {
      return undefined;
    }
    try {
      const found = await findMaster(path, clock, signal);
      if (found === undefined) {
        return undefined;
      }
      const other = await this.#otherDestination(config, path);
      if (other !== undefined) {
        logger.info(`The connection of ssh at ${printable(path)} may lead to ${printable(other)}: not used`);
        return undefined;
      }
      const ofWindow = await ourMasterAt(path);
      if (ofWindow === "left" && this.#init.takesOver?.(config) === true) {
        return undefined;
      }
      if (ofWindow !== undefined && this.#init.sharesWithWindows?.() === true) {
        return await this.#ride(path, signal);
      }
      const host = typedHost(config);
      const mayUse =
        (await consent.choiceFor(host)) ??
        (allowPrompts && (await whileAsking(events?.onWait, () => consent.ask(host, found.pid, signal))));
      signal.throwIfAborted();
      if (mayUse === undefined) {
        throw CancelledError.dismissed();
      }
      return mayUse ? await this.#ride(path, signal) : undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (CancelledError.is(error)) {
        throw error;
      }
      logger.warn(`The connection of ssh is not used: ${printable(asError(error).message)}`);
      return undefined;
    }
  }

  dispose(): void {
    this.#disposed.abort();
    this.#closeWatcher();
    this.#store.dispose();
    this.#changed.dispose();
  }

  #mayRide(path: string): boolean {
    const { consent, clock, ours } = this.#init;
    return (
      !consent.isOff &&
      !this.#disposed.signal.aborted &&
      // Its server has no room for another session, or it is ending.
      !this.#ridden.has(path) &&
      ours?.().has(path) !== true &&
      (this.#silentUntil.get(path) ?? 0) <= clock.monotonic()
    );
  }

  async #ride(path: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    const { clock, logger, departures } = this.#init;
    // Reserved, so that nobody else rides it meanwhile.
    this.#ridden.add(path);
    let connection: EngineConnection | undefined;
    try {
      const { rideMaster } = await import("../engine/openssh/rideMaster.ts");
      const outcome = await rideMaster(path, { clock, logger, departures }, signal);
      switch (outcome.kind) {
        case "rides":
          connection = outcome.connection;
          break;
        case "silent":
          logger.warn(`The connection of ssh at ${printable(path)} does not answer: not used`);
          this.#silentUntil.set(path, clock.monotonic() + silentRest);
          break;
        case "unfit":
          logger.info(`The connection of ssh at ${printable(path)} is not used: ${printable(outcome.why)}`);
          break;
        case "gone":
          break;
      }
    } finally {
      if (connection === undefined) {
        this.#ridden.delete(path);
      }
    }
    connection?.onDidClose(() => {
      this.#ridden.delete(path);
      this.#publish();
      this.#lookIfVisible();
    });
    this.#publish();
    return connection;
  }

  /**
   * A host with the same ControlPath and another destination, as text: `ssh` would use the connection for both. Our
   * settings can change a destination, too, without changing ControlPath.
   */
  async #otherDestination(config: HostConfig, path: string): Promise<string | undefined> {
    const own = await this.#init.paths.controlPath(config.alias);
    const all = [...(own === undefined ? [] : [own]), ...(await this.#list())];
    const other = all.find(
      (each) =>
        each.path === path &&
        (each.user !== config.user ||
          each.port !== config.port ||
          each.hostName.toLowerCase() !== config.hostName.toLowerCase()),
    );
    return other && `${other.user}@${other.hostName}:${other.port}`;
  }

  async #command(
    { path, pid }: UserMasterSnapshot,
    work: (control: MuxControl) => Promise<void>,
  ): Promise<void> {
    const { clock } = this.#init;
    const limit = new Deadline(clock, commandPatience, () => new ShareError("refused", "ssh did not answer"));
    try {
      const isSafe = (await findUsersSocket(path)) !== undefined;
      await withMaster(path, limit.signal, async (control) => {
        if (!isSafe || (await control.alive()) !== pid) {
          throw new ShareError("refused", "There is another program now");
        }
        await work(control);
      });
    } catch (error) {
      throw ShareError.is(error) ? error : new ShareError("refused", printable(asError(error).message));
    } finally {
      limit.dispose();
      this.#lookIfVisible();
    }
  }

  #lookIfVisible(): void {
    if (this.#isVisible && !this.#disposed.signal.aborted) {
      void this.look();
    }
  }

  async #lookWhileDue(): Promise<void> {
    while (this.#isDue && !this.#disposed.signal.aborted) {
      this.#isDue = false;
      try {
        await this.#lookOnce();
      } catch (error) {
        this.#init.logger.debug(`Connections of ssh are not known: ${asError(error).message}`);
      }
    }
  }

  async #lookOnce(): Promise<void> {
    const { consent, ours } = this.#init;
    const hostsAt = new Map<string, string[]>();
    for (const { alias, path } of consent.isOff ? [] : await this.#list()) {
      if (path.startsWith("/") && ours?.().has(path) !== true) {
        hostsAt.set(path, [...(hostsAt.get(path) ?? []), alias]);
      }
    }
    await this.#watch(hostsAt.keys());
    const there = await this.#existing([...hostsAt.keys()]);
    const found = new Map<string, FoundMaster & { readonly hosts: readonly string[] }>();
    for (let start = 0; start < there.length; start += atOnce) {
      const some = there.slice(start, start + atOnce);
      const masters = await Promise.all(some.map((path) => this.#masterAt(path)));
      for (const [index, path] of some.entries()) {
        const [master, hosts] = [masters[index], hostsAt.get(path)];
        if (master !== undefined && hosts !== undefined) {
          found.set(path, { ...master, hosts });
        }
      }
    }
    this.#found = found;
    this.#publish();
  }

  #list(): Promise<readonly HostControlPath[]> {
    if (this.#listed === undefined) {
      const listed = this.#init.paths.controlPaths();
      listed.catch(() => {
        if (this.#listed === listed) {
          this.#listed = undefined;
        }
      });
      this.#listed = listed;
    }
    return this.#listed;
  }

  /** Those of the paths that exist, in their order: one reading of each folder. */
  async #existing(paths: readonly string[]): Promise<readonly string[]> {
    const folders = new Map<string, ReadonlySet<string> | "many">();
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      const listed = await this.#files.list(folder, mostNames).catch(() => undefined);
      folders.set(folder, listed?.isCut === true ? "many" : new Set(listed?.names));
    }
    return paths.filter((path) => {
      const names = folders.get(dirname(path));
      return names === "many" || names?.has(basename(path));
    });
  }

  async #masterAt(path: string): Promise<FoundMaster | undefined> {
    const known = this.#found.get(path);
    if (known !== undefined && isRunning(known.pid)) {
      const socket = await findUsersSocket(path);
      if (socket?.identity === known.identity) {
        return known;
      }
    }
    return await findMaster(path, this.#init.clock, this.#disposed.signal);
  }

  async #watch(paths: Iterable<string>): Promise<void> {
    if (this.#isVisible && this.#watcher === undefined && !this.#disposed.signal.aborted) {
      const { clock, logger } = this.#init;
      const watcher = new ConfigWatcher(clock, logger, process.platform);
      this.#watcher = watcher;
      watcher.onDidChange(() => this.#lookIfVisible());
      await watcher.watch(paths);
    }
  }

  #closeWatcher(): void {
    this.#watcher?.dispose();
    this.#watcher = undefined;
  }

  #publish(): void {
    const masters = [...this.#found].map(([path, { hosts, pid, since }]) =>
      Object.freeze({ path, hosts: Object.freeze([...hosts]), pid, since, isRidden: this.#ridden.has(path) }),
    );
    if (JSON.stringify(masters) !== JSON.stringify(this.#masters)) {
      this.#masters = Object.freeze(masters);
      this.#changed.fire();
    }
  }
}
