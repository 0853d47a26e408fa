/**
 * The contents of the Hosts view: hosts of ssh_config and the settings, typed hosts, and their connections. No
 * vscode.
 */
import type { Disposable } from "../../base/disposable.ts";
import { DisposableStore } from "../../base/disposable.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { asError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { ConfigProblem, HostEntry, HostResolver } from "../../config/configPorts.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { shortNames, tightNames } from "../../text/shortNames.ts";
import { type HostLife, lifeByHost } from "./hostPresentation.ts";

/** The hosts that other extensions may use. */
export interface SharedHosts {
  grants(): readonly { readonly host: string }[];
  readonly onDidChange: Event<void>;
}

/** A host and what is shown of it. The same object as long as nothing changes. */
export interface ShownHost {
  /** An alias, or the typed host. */
  readonly host: string;
  /** Undefined: the host was typed and is not listed anywhere. */
  readonly entry: HostEntry | undefined;
  /** A short form of its name that distinguishes it from the others in a narrow side bar: shorter beside trouble. */
  readonly shortName: string;
  readonly life: HostLife;
  /** Other extensions may use it. */
  readonly shared: boolean;
}

/** Hosts of one group. The same object as long as nothing in it changes. */
export interface HostGroup {
  readonly name: string;
  readonly hosts: readonly ShownHost[];
}

/** The places of hosts in the view. */
export interface HostPlaces {
  /** Typed, and not listed anywhere. */
  readonly typed: readonly ShownHost[];
  /** All listed hosts, grouped or not. */
  readonly listed: readonly ShownHost[];
  readonly groups: readonly HostGroup[];
  /** Listed, and in no group. */
  readonly loose: readonly ShownHost[];
}

export interface HostListInit {
  /** The group of a host; undefined: none. */
  readonly groupOf: (entry: HostEntry) => string | undefined;
  readonly resolver: HostResolver;
  readonly service: SessionService;
  readonly recent: {
    typed(listed: ReadonlySet<string>): readonly string[];
    readonly onDidChange: Event<void>;
  };
  readonly access: SharedHosts;
  readonly logger: Logger;
}

/** By host. */
interface NamesOfHosts {
  readonly usual: ReadonlyMap<string, string>;
  /** Made when the first host is in trouble. */
  tight(): ReadonlyMap<string, string>;
}

const nothing: HostLife = { masterIds: [], sessions: 0 };

export class HostList implements Disposable {
  readonly #init: HostListInit;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #read = new Emitter<void>();
  /** The hosts have been read, for the first time or again. */
  readonly onDidRead = this.#read.event;
  /** A reading that started before a refresh must not answer later requests, so the promise is kept. */
  #reading: Promise<void> | undefined;
  #generation = 0;
  #entries: readonly HostEntry[] = [];
  /** A change of the settings reads the hosts again. */
  #groupOf: ReadonlyMap<string, string | undefined> = new Map();
  #problems: readonly ConfigProblem[] = [];
  #shown = new Map<string, ShownHost>();
  #groups = new Map<string, HostGroup>();
  /** Cached for the names joined with line breaks. */
  #short: { readonly of: string; readonly names: NamesOfHosts } | undefined;
  /** Cached until something changes, because each kind of row reads it. */
  #places: HostPlaces | undefined;

  constructor(init: HostListInit) {
    this.#init = init;
    this.#store.add(init.resolver.onDidChange(() => this.refresh()));
    for (const change of [init.service.onDidChange, init.recent.onDidChange, init.access.onDidChange]) {
      this.#store.add(change(() => this.#onChange()));
    }
  }

  /** The hosts have been read. */
  async ready(): Promise<void> {
    let reading: Promise<void> | undefined;
    while (reading !== this.#reading || reading === undefined) {
      this.#reading ??= this.#readHosts();
      reading = this.#reading;
      await reading;
    }
  }

  /** Reads the hosts again. */
  refresh(): void {
    if (this.#reading === undefined) {
      // No view has requested them yet.
      return;
    }
    this.#reading = undefined;
    void this.ready().then(() => this.#onChange());
  }

  problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  hosts(): HostPlaces {
    this.#places ??= this.#place();
    return this.#places;
  }

  #place(): HostPlaces {
    const { service, access, recent } = this.#init;
    const life = lifeByHost(service.masters());
    const shared = new Set(access.grants().map(({ host }) => host));
    const before = this.#shown;
    this.#shown = new Map();
    const aliases = this.#entries.map(({ alias }) => alias);
    const typedHosts = recent.typed(new Set(aliases));
    const groupOf = this.#groupOf;
    const short = this.#shortNames(typedHosts, aliases, [
      ...[...new Set(groupOf.values())].map((group) =>
        aliases.filter((alias) => groupOf.get(alias) === group),
      ),
    ]);
    const show = (host: string, entry: HostEntry | undefined): ShownHost => {
      const known = before.get(host);
      const lives = life.get(host) ?? nothing;
      const names = lives.trouble === undefined ? short.usual : short.tight();
      const is = {
        ...{ host, entry, shortName: names.get(host) ?? host },
        life: lives,
        shared: shared.has(host),
      };
      const shown = known !== undefined && isSame(known, is) ? known : is;
      this.#shown.set(host, shown);
      return shown;
    };
    const listed = this.#entries.map((entry) => show(entry.alias, entry));
    const typed = typedHosts.map((host) => show(host, undefined));
    const loose: ShownHost[] = [];
    const grouped = new Map<string, ShownHost[]>();
    for (const shown of listed) {
      const name = groupOf.get(shown.host);
      if (name === undefined) {
        loose.push(shown);
      } else {
        const hosts = grouped.get(name) ?? [];
        hosts.push(shown);
        grouped.set(name, hosts);
      }
    }
    const groupsBefore = this.#groups;
    this.#groups = new Map(
      [...grouped].map(([name, hosts]) => {
        const known = groupsBefore.get(name);
        const isKnown =
          known?.hosts.length === hosts.length && known.hosts.every((host, at) => host === hosts[at]);
        return [name, known !== undefined && isKnown ? known : { name, hosts }];
      }),
    );
    return { typed, listed, groups: [...this.#groups.values()], loose };
  }

  /** @param folds aliases that are shown together. */
  #shortNames(
    typed: readonly string[],
    aliases: readonly string[],
    folds: readonly (readonly string[])[],
  ): NamesOfHosts {
    const of = [typed, aliases, ...folds].map((names) => names.join("\n")).join("\n\n");
    if (this.#short?.of !== of) {
      const namesBy = (shorten: typeof shortNames): ReadonlyMap<string, string> =>
        new Map([
          ...(typed.length === 0 ? [] : shorten(typed, aliases)),
          ...folds.flatMap((names) => [...shorten(names)]),
        ]);
      let tight: ReadonlyMap<string, string> | undefined;
      this.#short = {
        of,
        names: {
          usual: namesBy(shortNames),
          tight: () => {
            tight ??= namesBy(tightNames);
            return tight;
          },
        },
      };
    }
    return this.#short.names;
  }

  #onChange(): void {
    this.#places = undefined;
    this.#changed.fire();
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
    this.#read.dispose();
  }

  async #readHosts(): Promise<void> {
    this.#generation++;
    const generation = this.#generation;
    const { hosts, problems } = await this.#readAll();
    if (generation !== this.#generation) {
      // A later reading has the current result, even if it finished sooner.
      return;
    }
    this.#places = undefined;
    this.#entries = hosts;
    this.#groupOf = new Map(hosts.map((entry) => [entry.alias, this.#init.groupOf(entry)]));
    this.#problems = problems;
    // Settings may have changed what a row shows: a row that looks the same is drawn again, too.
    this.#shown = new Map();
    this.#read.fire();
  }

  async #readAll(): Promise<Awaited<ReturnType<HostResolver["hosts"]>>> {
    try {
      return await this.#init.resolver.hosts();
    } catch (error) {
      this.#init.logger.error("The hosts can't be read", error);
      return { hosts: [], problems: [{ file: "", message: asError(error).message }] };
    }
  }
}

function isSame(one: ShownHost, other: ShownHost): boolean {
  return (
    one.entry === other.entry &&
    one.shortName === other.shortName &&
    one.shared === other.shared &&
    one.life.sessions === other.life.sessions &&
    one.life.trouble === other.life.trouble &&
    one.life.masterIds.join(" ") === other.life.masterIds.join(" ")
  );
}
