import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import { destinationKey } from "../config/destinationKey.ts";
import { type ForwardSpec, isLoopback } from "../config/forwardSpec.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import type {
  LoginMode,
  LostConnection,
  ReconnectHolder,
  ReconnectTicket,
} from "../reconnect/reconnectTypes.ts";
import { DescriptorBudget } from "./descriptorBudget.ts";
import { DialledSockets } from "./dialledSockets.ts";
import { Forward } from "./forward.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardClaims } from "./forwardPorts.ts";
import type { ForwardRules } from "./forwardRules.ts";
import type { ForwardOrigin, ForwardRequest, ForwardSnapshot } from "./forwardTypes.ts";
import { StoppedForward } from "./stoppedForward.ts";

/** A forward as the user typed it. */
export type UsersForward = Pick<ForwardRequest, "host" | "spec">;

export interface ForwardServiceInit {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: MasterRegistry;
  /** @throws ConfigError */
  resolve(host: string): Promise<HostConfig>;
  /** The folder that something started now belongs to. */
  folder(): SettingsFolder | undefined;
  rules(config: HostConfig, folder: SettingsFolder | undefined): ForwardRules;
  reconnect(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket;
  readonly budget?: DescriptorBudget;
  /** Of all windows. Default: equal forwards of other windows are not noticed. */
  readonly claims?: ForwardClaims;
}

/** Questions to the user about forwards. */
export interface ForwardPrompts {
  /** A program uses a forward without a connection: may it log in? */
  mayLogIn(forward: ForwardSnapshot): Promise<boolean>;
  /** May the forwards that ssh_config configures for a host start? */
  mayStart(host: string, specs: readonly ForwardSpec[]): Promise<boolean>;
  /** May other computers reach a listener of this one? */
  mayListenOpenly(host: string, spec: ForwardSpec): Promise<boolean>;
  /** Another program uses the port of a forward that ssh_config or the settings configure. */
  portTaken(forward: ForwardSnapshot): Promise<"another-port" | "retry" | "leave">;
}

/** Each has listeners and a row. */
const mostForwards = 1000;

/** A request for port 0 gets another port each time; a configured forward is started once. */
function isOneTime({ kind }: ForwardOrigin): boolean {
  return kind === "person" || kind === "extension";
}

interface Known {
  readonly forward: Forward | StoppedForward;
  /** Equal forwards have the same. Undefined: its host was not resolved yet. */
  readonly key: string | undefined;
  /** At the last change. */
  isStopped: boolean;
}

/** All forwards. Owns them, but not the connections that they use. */
export class ForwardService implements Disposable {
  readonly #init: ForwardServiceInit;
  readonly #budget: DescriptorBudget;
  readonly #dialled = new DialledSockets();
  readonly #changed = new Emitter<void>();
  readonly #changedUsers = new Emitter<void>();
  readonly #forwards = new Map<string, Known>();
  #prompts: ForwardPrompts = {
    mayLogIn: async () => false,
    mayStart: async () => false,
    mayListenOpenly: async () => false,
    portTaken: async () => "leave",
  };
  #nextId = 1;
  #disposed = false;

  /** A forward was added, removed or changed. The views coalesce these events. */
  readonly onDidChange: Event<void> = this.#changed.event;
  /** `usersForwards` may have changed. */
  readonly onDidChangeUsers: Event<void> = this.#changedUsers.event;

  constructor(init: ForwardServiceInit) {
    this.#init = init;
    this.#budget = init.budget ?? new DescriptorBudget();
  }

  /** In the order in which they were added. Frozen. */
  forwards(): readonly ForwardSnapshot[] {
    return Object.freeze([...this.#forwards.values()].map(({ forward }) => forward.snapshot()));
  }

  forward(id: string): ForwardSnapshot | undefined {
    return this.#forwards.get(id)?.forward.snapshot();
  }

  /** What the user started by hand and did not stop, also before the window reloaded. In the order of `forwards`. */
  usersForwards(): readonly UsersForward[] {
    return this.forwards()
      .filter(
        ({ origins, state }) =>
          origins.some(({ kind }) => kind === "person") &&
          (state.kind !== "stopped" || state.isFromBefore === true || state.servedBy !== undefined),
      )
      .map(({ host, spec }) => ({ host, spec }));
  }

  get prompts(): ForwardPrompts {
    return this.#prompts;
  }

  /** Until it is called, every answer is no. */
  askBy(prompts: ForwardPrompts): void {
    this.#prompts = prompts;
  }

  /**
   * Starts a forward, or joins an equal one to the same destination; one that was refused is tried again. Resolves to
   * its state once it listens, waits or is refused. A local listener that other computers can reach needs the user's
   * consent, whatever the forward's origin is.
   * @throws ConfigError; CancelledError if the user declines; ForwardError `too-many`
   */
  async start(request: ForwardRequest, login: LoginMode = "attended"): Promise<ForwardSnapshot> {
    const config = await this.#init.resolve(request.host);
    return await this.startResolved(request, config, login);
  }

  async startResolved(
    request: ForwardRequest,
    config: HostConfig,
    login: LoginMode,
  ): Promise<ForwardSnapshot> {
    const { host, spec, origin, onDemand = false, folder = this.#init.folder() } = request;
    const rules = this.#init.rules(config, folder);
    const key = `${destinationKey(config)} ${forwardKey(spec, rules.gatewayPorts)}`;
    // A request for port 0 gets another port each time.
    const isShared = !(spec.listen.type === "tcp" && spec.listen.port === 0 && isOneTime(origin));
    const same = isShared ? this.#running(key) : undefined;
    if (same !== undefined) {
      return await this.#join(same, request);
    }
    if (spec.kind !== "remote" && !isLoopback(spec.listen, rules.gatewayPorts)) {
      if (!(await this.#prompts.mayListenOpenly(host, spec))) {
        throw new CancelledError();
      }
      // An equal one may have started while the user was asked.
      const other = isShared ? this.#running(key) : undefined;
      if (other !== undefined) {
        return await this.#join(other, request);
      }
    }
    const before = this.#fromBefore(host, spec);
    if (before === undefined && this.#forwards.size >= mostForwards) {
      throw new ForwardError("too-many", `There are ${mostForwards} forwards already`);
    }
    const { clock, logger, registry } = this.#init;
    const id = before ?? this.#newId();
    const isAnyPort = spec.listen.type === "tcp" && spec.listen.port === 0;
    const { claims } = this.#init;
    const forward = new Forward({
      claim: claims && !isAnyPort ? () => claims.claim(key) : undefined,
      ...{ id, clock, logger, registry, host, spec, origin, onDemand },
      ...{ budget: this.#budget, dialled: this.#dialled },
      use: { config, folder },
      rules,
      reconnect: (lost, holder) => this.#init.reconnect(lost, holder),
      mayLogIn: (snapshot) => this.#prompts.mayLogIn(snapshot),
      onChange: () => this.#onChange(id),
      onEnded: () => this.#onEnded(id),
    });
    this.#forwards.set(id, { forward, key, isStopped: false });
    this.#changed.fire();
    this.#changedUsers.fire();
    if (this.#disposed) {
      this.stop(id);
    } else {
      await forward.start(login);
    }
    return forward.snapshot();
  }

  /** Closes its listener at once and removes it. Unknown ids are ignored. */
  stop(id: string): void {
    const known = this.#forwards.get(id);
    if (known !== undefined) {
      this.#forwards.delete(id);
      known.forward.stop();
      known.forward.dispose();
      this.#changed.fire();
      if (!this.#disposed) {
        this.#changedUsers.fire();
      }
    }
  }

  /** Closes its listener at once, and keeps it, stopped, until it is restarted or removed. Unknown ids are ignored. */
  stopAndKeep(id: string): void {
    this.#forwards.get(id)?.forward.stop();
  }

  /** Adds forwards that were open before the window reloaded, as stopped ones. @returns their ids */
  addFromBefore(forwards: readonly UsersForward[]): readonly string[] {
    const ids = forwards.map((each) => {
      const id = this.#newId();
      const forward = new StoppedForward(id, each, this.#init.clock.now());
      this.#forwards.set(id, { forward, key: undefined, isStopped: true });
      return id;
    });
    this.#changed.fire();
    this.#changedUsers.fire();
    return ids;
  }

  /**
   * A session begins on a connection to `host`: the forwards that were open before the window reloaded come back with
   * it. A listener that others can reach waits for the user, who has to agree to it.
   * @param host as typed
   */
  async restoreWith(host: string, config: HostConfig, folder: SettingsFolder | undefined): Promise<void> {
    const { gatewayPorts } = this.#init.rules(config, folder);
    await Promise.all(
      [...this.#forwards.values()].map(async ({ forward }) => {
        if (
          forward instanceof StoppedForward &&
          forward.isOf(host) &&
          (forward.spec.kind === "remote" || isLoopback(forward.spec.listen, gatewayPorts))
        ) {
          await forward.startOnce(
            async ({ spec }) =>
              await this.startResolved(
                { host, spec, origin: { kind: "person" }, ...(folder && { folder }) },
                config,
                "unattended",
              ),
          );
        }
      }),
    );
  }

  /** A saved forward was removed from the settings: it stops, unless something else started it, too. */
  removeSaved(id: string, origin: ForwardOrigin): void {
    const forward = this.#forwards.get(id)?.forward;
    if (forward instanceof Forward && !forward.removeSaved(origin)) {
      this.stop(id);
    }
  }

  /**
   * Starts it again, in whatever state it is.
   * @returns its state then, which is that of an equal one if there is one; undefined: it was removed
   * @throws ConfigError; CancelledError if the user declines an open listener
   */
  async restart(id: string): Promise<ForwardSnapshot | undefined> {
    const forward = this.#forwards.get(id)?.forward;
    if (forward instanceof StoppedForward) {
      return await forward.startOnce(async ({ host, spec }) => {
        const config = await this.#init.resolve(host);
        return this.#forwards.has(id)
          ? await this.startResolved({ host, spec, origin: { kind: "person" } }, config, "attended")
          : undefined;
      });
    }
    await forward?.restart();
    return this.forward(id);
  }

  dispose(): void {
    this.#disposed = true;
    for (const id of [...this.#forwards.keys()]) {
      this.stop(id);
    }
    this.#changed.dispose();
    this.#changedUsers.dispose();
  }

  #running(key: string): Forward | undefined {
    return [...this.#forwards.values()]
      .map((each) => (each.key === key ? each.forward : undefined))
      .find((each) => each instanceof Forward);
  }

  /** Resolves once it listens, waits or is refused. */
  async #join(
    same: Forward,
    { host, spec, origin, onDemand = false }: ForwardRequest,
  ): Promise<ForwardSnapshot> {
    const before = this.#fromBefore(host, spec);
    if (before !== undefined) {
      this.stop(before);
    }
    same.addOrigin(origin, onDemand);
    await (same.isRunning ? same.started : same.restart());
    this.#changedUsers.fire();
    return same.snapshot();
  }

  #newId(): string {
    return `f${this.#nextId++}`;
  }

  #fromBefore(host: string, spec: ForwardSpec): string | undefined {
    for (const [id, { forward }] of this.#forwards) {
      if (forward instanceof StoppedForward && forward.is(host, spec)) {
        return id;
      }
    }
    return undefined;
  }

  #onChange(id: string): void {
    const known = this.#forwards.get(id);
    this.#changed.fire();
    const isStopped = known?.forward.state.kind === "stopped";
    if (known !== undefined && known.isStopped !== isStopped) {
      known.isStopped = isStopped;
      if (!this.#disposed) {
        this.#changedUsers.fire();
      }
    }
  }

  /** The user ended the connection. A forward that nothing else would start again stays, stopped. */
  #onEnded(id: string): void {
    const known = this.#forwards.get(id);
    if (known?.forward.snapshot().origins.some(({ kind }) => kind === "person") === false) {
      this.stop(id);
    }
  }
}
