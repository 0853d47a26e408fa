/** What the Hosts view lists: what ssh_config and the settings name, what was typed, what lives on it. No vscode. */
import type { Disposable } from "../../base/disposable.ts";
import { DisposableStore } from "../../base/disposable.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { asError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { ConfigProblem, HostEntry, HostResolver } from "../../config/configPorts.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { type HostLife, lifeByHost } from "./hostPresentation.ts";

/** Which hosts other extensions may use. */
export interface SharedHosts {
  grants(): readonly { readonly host: string }[];
  readonly onDidChange: Event<void>;
}

/** A host and what is to be said of it. The same object as long as nothing changes. */
export interface ShownHost {
  /** An alias, or what was typed. */
  readonly host: string;
  /** Undefined: it was typed, and nothing lists it. */
  readonly entry: HostEntry | undefined;
  readonly life: HostLife;
  /** Other extensions may use it. */
  readonly shared: boolean;
}

export interface HostListInit {
  readonly resolver: HostResolver;
  readonly service: SessionService;
  readonly recent: {
    typed(listed: ReadonlySet<string>): readonly string[];
    readonly onDidChange: Event<void>;
  };
  readonly access: SharedHosts;
  readonly logger: Logger;
}

const nothing: HostLife = { masterIds: [], sessions: 0 };

export class HostList implements Disposable {
  readonly #init: HostListInit;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  /** A reading that began before a refresh must not answer what is asked after it, so the promise is kept. */
  #reading: Promise<void> | undefined;
  #entries: readonly HostEntry[] = [];
  #problems: readonly ConfigProblem[] = [];
  #shown = new Map<string, ShownHost>();

  constructor(init: HostListInit) {
    this.#init = init;
    this.#store.add(init.resolver.onDidChange(() => this.refresh()));
    for (const change of [init.service.onDidChange, init.recent.onDidChange, init.access.onDidChange]) {
      this.#store.add(change(() => this.#changed.fire()));
    }
  }

  /** The hosts have been read. */
  async ready(): Promise<void> {
    let reading: Promise<void> | undefined;
    while (reading !== this.#reading || reading === undefined) {
      this.#reading ??= this.#read();
      reading = this.#reading;
      await reading;
    }
  }

  /** Reads the hosts anew. */
  refresh(): void {
    if (this.#reading === undefined) {
      // Nobody has asked for them yet.
      return;
    }
    this.#reading = undefined;
    void this.ready().then(() => this.#changed.fire());
  }

  problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** First the typed ones that nothing lists, then what is listed. */
  hosts(): { readonly typed: readonly ShownHost[]; readonly listed: readonly ShownHost[] } {
    const { service, access, recent } = this.#init;
    const life = lifeByHost(service.masters());
    const shared = new Set(access.grants().map(({ host }) => host));
    const before = this.#shown;
    this.#shown = new Map();
    const show = (host: string, entry: HostEntry | undefined): ShownHost => {
      const known = before.get(host);
      const is = { host, entry, life: life.get(host) ?? nothing, shared: shared.has(host) };
      const shown = known !== undefined && isSame(known, is) ? known : is;
      this.#shown.set(host, shown);
      return shown;
    };
    const listed = this.#entries.map((entry) => show(entry.alias, entry));
    const typed = recent
      .typed(new Set(this.#entries.map(({ alias }) => alias)))
      .map((host) => show(host, undefined));
    return { typed, listed };
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
  }

  async #read(): Promise<void> {
    try {
      const { hosts, problems } = await this.#init.resolver.hosts();
      this.#entries = hosts;
      this.#problems = problems;
    } catch (error) {
      this.#init.logger.error("The hosts can't be read", error);
      this.#entries = [];
      this.#problems = [{ file: "", message: asError(error).message }];
    }
  }
}

function isSame(one: ShownHost, other: ShownHost): boolean {
  return (
    one.entry === other.entry &&
    one.shared === other.shared &&
    one.life.sessions === other.life.sessions &&
    one.life.masterIds.join(" ") === other.life.masterIds.join(" ")
  );
}
