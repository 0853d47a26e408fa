import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostResolver } from "../config/configPorts.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { parseHostSpec } from "../config/hostSpec.ts";
import type { LastingPrograms } from "../engine/connectionEngine.ts";
import type { Master } from "../master/master.ts";
import type { MasterLease, MasterRegistry } from "../master/masterRegistry.ts";
import { HostEntries } from "./hostEntries.ts";
import { hostSpellings, isServable } from "./hostSpellings.ts";
import { MasterPrograms } from "./masterPrograms.ts";
import { listenForPrograms } from "./meeting/servedSockets.ts";
import type { Offer, OfferedHost, Outlet } from "./outlet.ts";
import type { ProgramSnapshot } from "./programTypes.ts";
import { SharedMaster } from "./sharedMaster.ts";
import { clearStaleSockets, prepareSocketFolder, socketFolderPath } from "./socketFolder.ts";
import { wrapperVariables } from "./wrapperScripts.ts";

/** The number of hosts that are remembered for one connection. */
const mostNames = 100;

export interface ProgramSharingInit {
  readonly registry: MasterRegistry;
  readonly resolver: HostResolver;
  /**
   * An ssh_config that replaces OpenSSH's default files; empty: the default files. Read when sharing is turned on.
   */
  configFile(): string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: this user's folder, common to all editors. */
  readonly folder?: string;
}

/** Lets other programs of this user use our connections while it is turned on. */
export class ProgramSharing implements Disposable {
  readonly #init: ProgramSharingInit;
  readonly #folder: string;
  readonly #changed = new Emitter<void>();
  readonly #shared = new Map<string, SharedMaster>();
  /** At masters of `ssh`, by our master's id. */
  readonly #atMasters = new Map<string, MasterPrograms>();
  /** Of the editor's terminals. */
  #entries: HostEntries | undefined;
  readonly #outlets = new Set<Outlet>();
  readonly #followed = new WeakSet<LastingPrograms>();
  #watch: Disposable | undefined;
  readonly #lasting: Disposable;
  readonly #stop = new AbortController();
  #nextId = 1;
  /** What was published for a master, so that an unrelated change of it resolves nothing again. */
  readonly #published = new Map<string, { readonly offer: Offer; state: string | undefined }>();
  /** The typed hosts that each connection has been used for, by its master's id; the latest last. */
  readonly #names = new Map<string, Set<string>>();
  #publishing: Promise<void> = Promise.resolve();

  /** A program connected, disconnected or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: ProgramSharingInit) {
    this.#init = init;
    this.#folder = init.folder ?? socketFolderPath();
    this.#lasting = init.registry.onDidChange(() => this.#followLasting());
  }

  /** In the order of their start. Frozen. */
  programs(): readonly ProgramSnapshot[] {
    const held = this.#init.registry.masters.flatMap((master) =>
      (master.connection?.lastingPrograms?.programs() ?? []).map((program) =>
        Object.freeze({
          ...{ ...program, id: `${master.id}.${program.id}` },
          ...{ masterId: master.id, outlivesWindow: true },
        }),
      ),
    );
    const here = [...this.#shared.values(), ...this.#atMasters.values()].flatMap((each) => each.programs());
    return Object.freeze([...here, ...held].toSorted((one, other) => one.since - other.since));
  }

  /** Closes a program's channels, also on the server. Unknown ids are ignored. */
  end(id: string): void {
    for (const each of [...this.#shared.values(), ...this.#atMasters.values()]) {
      if (each.end(id)) {
        return;
      }
    }
    for (const { id: masterId, connection } of this.#init.registry.masters) {
      if (id.startsWith(`${masterId}.`)) {
        connection?.lastingPrograms?.end(id.slice(masterId.length + 1));
      }
    }
  }

  /**
   * Resolves to the variables that a terminal needs besides the wrapper's folder in PATH. Has no effect if already
   * on.
   * @throws ShareError, or the file system's error
   */
  async turnOn(): Promise<Readonly<Record<string, string>>> {
    const configFile = this.#init.configFile();
    const entries = this.#entries ?? new HostEntries(this.#folder, configFile, this.#init.clock);
    if (this.#entries === undefined) {
      await this.open(entries);
      this.#entries = entries;
    }
    return {
      [wrapperVariables.sockets]: this.#folder,
      [wrapperVariables.hosts]: entries.path,
      [wrapperVariables.config]: configFile,
    };
  }

  /** Resolves when no terminal can find a connection any more. */
  async turnOff(): Promise<void> {
    const entries = this.#entries;
    this.#entries = undefined;
    if (entries !== undefined) {
      await this.close(entries);
    }
  }

  /** From now on this outlet publishes our connections. @throws ShareError, or the error of the outlet */
  async open(outlet: Outlet): Promise<void> {
    await prepareSocketFolder(this.#folder);
    await clearStaleSockets(this.#folder);
    await outlet.prepare();
    this.#outlets.add(outlet);
    this.#watch ??= this.#watchConnections();
    this.#republish();
  }

  /** Resolves when no program can find a connection by this outlet. Disconnects all programs with the last one. */
  async close(outlet: Outlet): Promise<void> {
    if (!this.#outlets.delete(outlet)) {
      return;
    }
    if (this.#outlets.size === 0) {
      this.#endAll();
    }
    await this.#publishing;
    await outlet.close();
    this.#changed.fire();
  }

  dispose(): void {
    this.#lasting.dispose();
    this.#stop.abort(new CancelledError());
    for (const outlet of this.#outlets) {
      outlet.leave();
    }
    void this.turnOff().catch(() => {});
    this.#outlets.clear();
    this.#endAll();
    this.#changed.dispose();
  }

  /** They are listed also while no program of this window's terminals may use connections. */
  #followLasting(): void {
    for (const { connection } of this.#init.registry.masters) {
      const lasting = connection?.lastingPrograms;
      if (lasting !== undefined && !this.#followed.has(lasting)) {
        this.#followed.add(lasting);
        lasting.onDidChange(() => this.#changed.fire());
      }
    }
  }

  #endAll(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
    for (const each of [...this.#shared.values(), ...this.#atMasters.values()]) {
      each.dispose();
    }
    this.#shared.clear();
    this.#atMasters.clear();
    this.#published.clear();
    this.#names.clear();
  }

  #watchConnections(): Disposable {
    const watch = new DisposableStore();
    watch.add(this.#init.registry.onDidChange(() => this.#update()));
    // The configuration has changed, so other hosts may share a connection now.
    watch.add(this.#init.resolver.onDidChange(() => this.#republish()));
    return watch;
  }

  #republish(): void {
    for (const published of this.#published.values()) {
      published.state = undefined;
    }
    this.#update();
  }

  #update(): void {
    if (this.#watch === undefined) {
      return;
    }
    const { masters } = this.#init.registry;
    for (const [id, shared] of this.#shared) {
      if (shared.master.isEnded || !masters.includes(shared.master)) {
        this.#shared.delete(id);
        shared.dispose();
        this.#changed.fire();
      }
    }
    this.#updateMasters();
    for (const [id, { offer }] of this.#published) {
      if (offer.master.isEnded || !masters.includes(offer.master)) {
        this.#publish(offer, "", async () => []);
        this.#published.delete(id);
        this.#names.delete(id);
      }
    }
    const offers: { readonly offer: Offer; readonly specs: readonly string[] }[] = [];
    for (const master of masters) {
      const { connection } = master;
      if (!this.#shared.has(master.id) && connection?.relay !== undefined && !master.isEnded) {
        this.#share(master);
      }
      const socketName = this.#shared.get(master.id)?.socketName;
      if (!master.isEnded && (socketName !== undefined || connection?.lastingSocket !== undefined)) {
        const names = this.#namesOf(master);
        offers.push({ offer: { master, socketName }, specs: this.#isOffered(master) ? names : [] });
      }
    }
    // A connection that is full goes after the one in its place has come: no program finds none.
    const inOrder = offers.toSorted(
      (one, other) => Number(one.specs.length === 0) - Number(other.specs.length === 0),
    );
    for (const { offer, specs } of inOrder) {
      this.#publish(offer, JSON.stringify(specs), () => this.#hosts(offer.master, specs));
    }
  }

  #updateMasters(): void {
    const { clock, logger, registry } = this.#init;
    for (const [id, programs] of this.#atMasters) {
      if (registry.get(id)?.connection?.ended !== undefined || registry.get(id) === undefined) {
        this.#atMasters.delete(id);
        programs.dispose();
        this.#changed.fire();
      }
    }
    for (const { id, connection, isEnded } of registry.masters) {
      if (connection?.sshMaster !== undefined && !isEnded && !this.#atMasters.has(id)) {
        const programs = new MasterPrograms({
          ...{ masterId: id, ssh: connection.sshMaster, folder: this.#folder, clock, logger },
          changed: () => this.#changed.fire(),
        });
        this.#atMasters.set(id, programs);
      }
    }
  }

  /** A name that leads to a connection leads there as long as it lasts, not only while something uses it by this name. */
  #namesOf({ id, specs }: Master): readonly string[] {
    const names = this.#names.get(id) ?? new Set();
    this.#names.set(id, names);
    for (const spec of specs) {
      names.delete(spec);
      names.add(spec);
    }
    for (const oldest of [...names].slice(0, -mostNames)) {
      names.delete(oldest);
    }
    return [...names].sort();
  }

  /**
   * A full connection is offered if no other one has room: its programs then get a further connection, as our
   * sessions do. While that one logs in, perhaps with questions to the user, programs wait for it here.
   */
  #isOffered(master: Master): boolean {
    const { masters } = this.#init.registry;
    const hasRoom = masters.some(
      (each) => each.key === master.key && each.acceptsSessions && this.#isServed(each),
    );
    return hasRoom ? master.acceptsSessions : master.isUsable;
  }

  #isServed({ id, connection }: Master): boolean {
    return this.#shared.get(id)?.socketName !== undefined || connection?.lastingSocket !== undefined;
  }

  /** A further connection to the server of a full one. It may have to log in and to ask the user. */
  async #another(full: Master): Promise<MasterLease | undefined> {
    let lease: MasterLease | undefined;
    try {
      lease = this.#init.registry.acquire({ config: full.config }, true);
      if (lease.master !== full) {
        await lease.master.ready(this.#stop.signal);
        return lease;
      }
    } catch (error) {
      this.#init.logger.warn(`No further connection for a program: ${printable(asError(error).message)}`);
    }
    lease?.dispose();
    return undefined;
  }

  #share(master: Master): void {
    const { clock, logger } = this.#init;
    const shared = new SharedMaster({
      ...{ master, clock, logger },
      listen: listenForPrograms(this.#folder, { clock, logger }),
      another: (full) => this.#another(full),
      nextId: () => `p${this.#nextId++}`,
      changed: () => this.#changed.fire(),
    });
    this.#shared.set(master.id, shared);
    const watch = master.connection?.relay?.onDidChange(() => {
      master.room.noteOthers();
      this.#update();
      this.#changed.fire();
    });
    void master.ended.then(() => watch?.dispose());
    shared.listen().then(
      () => this.#update(),
      (error: unknown) =>
        logger.warn(`Sharing ${master.id} with programs failed: ${printable(asError(error).message)}`),
    );
  }

  /** Updates the outlets, one after the other. @param state what the hosts are derived from */
  #publish(offer: Offer, state: string, hosts: () => Promise<readonly OfferedHost[]>): void {
    const { id } = offer.master;
    if (this.#published.get(id)?.state === state) {
      return;
    }
    const published: { readonly offer: Offer; state: string | undefined } = { offer, state };
    this.#published.set(id, published);
    this.#publishing = this.#publishing.then(async () => {
      try {
        const found = await hosts();
        await Promise.all([...this.#outlets].map((outlet) => outlet.set(offer, found)));
      } catch (error) {
        // The next change of a connection tries again: the disk may have been full.
        published.state = undefined;
        this.#init.logger.warn(`Programs can't find ${id}: ${printable(asError(error).message)}`);
      }
    });
  }

  /** The hosts that a user may type for this connection. */
  async #hosts(master: Master, specs: readonly string[]): Promise<readonly OfferedHost[]> {
    const found: OfferedHost[] = [];
    for (const spec of specs) {
      const config = await this.#resolve(spec);
      for (const host of config === undefined ? [] : hostSpellings(parseHostSpec(spec), config)) {
        const same = await this.#resolve(host.text);
        if (same !== undefined && this.#leadsTo(master, same)) {
          found.push(needsOwnClient(same) ? { ...host.spec, needsOwnClient: true } : host.spec);
        }
      }
    }
    return found;
  }

  #leadsTo(master: Master, config: HostConfig): boolean {
    const ssh = master.connection?.sshMaster;
    const hasAgents = ssh === undefined || ssh.isUsers;
    return (
      this.#init.registry.keyOf({ config }) === master.key && isServable(config, master.config, hasAgents)
    );
  }

  /** Undefined: ssh_config can't be read now, or the text is not a valid host. */
  async #resolve(host: string): Promise<HostConfig | undefined> {
    try {
      return await this.#init.resolver.resolve(host);
    } catch {
      return undefined;
    }
  }
}

function needsOwnClient({ values }: HostConfig): boolean {
  return ["localforward", "remoteforward", "dynamicforward", "setenv"].some((keyword) => values.has(keyword));
}
