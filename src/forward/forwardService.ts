import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import { destinationKey } from "../config/destinationKey.ts";
import { type ForwardSpec, isLoopback } from "../config/forwardSpec.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import type {
  LoginMode,
  LostConnection,
  ReconnectHolder,
  ReconnectTicket,
} from "../reconnect/reconnectTypes.ts";
import { DescriptorBudget } from "./descriptorBudget.ts";
import { Forward } from "./forward.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardRules } from "./forwardRules.ts";
import type { ForwardOrigin, ForwardRequest, ForwardSnapshot } from "./forwardTypes.ts";

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

/** A request for port 0 gets another port each time; a configured forward is started once. */
function isOneTime({ kind }: ForwardOrigin): boolean {
  return kind === "person" || kind === "extension";
}

/** All forwards. Owns them, but not the connections that they use. */
export class ForwardService implements Disposable {
  readonly #init: ForwardServiceInit;
  readonly #budget: DescriptorBudget;
  readonly #changed = new Emitter<void>();
  readonly #forwards = new Map<string, { readonly forward: Forward; readonly key: string }>();
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
   * @throws ConfigError; CancelledError if the user declines
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
    const same = [...this.#forwards.values()].find((each) => isShared && each.key === key);
    if (same !== undefined) {
      same.forward.addOrigin(origin, onDemand);
      if (!same.forward.isRunning) {
        await same.forward.restart();
      }
      return same.forward.snapshot();
    }
    if (
      spec.kind !== "remote" &&
      !isLoopback(spec.listen, rules.gatewayPorts) &&
      !(await this.#prompts.mayListenOpenly(host, spec))
    ) {
      throw new CancelledError();
    }
    const { clock, logger, registry } = this.#init;
    const id = `f${this.#nextId++}`;
    const forward = new Forward({
      ...{ id, clock, logger, registry, host, spec, origin, onDemand, budget: this.#budget },
      use: { config, folder },
      rules,
      reconnect: (lost, holder) => this.#init.reconnect(lost, holder),
      mayLogIn: (snapshot) => this.#prompts.mayLogIn(snapshot),
      onChange: () => this.#changed.fire(),
      onEnded: () => this.stop(id),
    });
    this.#forwards.set(id, { forward, key });
    this.#changed.fire();
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
    }
  }

  /** A saved forward was removed from the settings: it stops, unless something else started it, too. */
  removeSaved(id: string, origin: ForwardOrigin): void {
    if (this.#forwards.get(id)?.forward.removeSaved(origin) === false) {
      this.stop(id);
    }
  }

  async restart(id: string): Promise<void> {
    await this.#forwards.get(id)?.forward.restart();
  }

  dispose(): void {
    this.#disposed = true;
    for (const id of [...this.#forwards.keys()]) {
      this.stop(id);
    }
    this.#changed.dispose();
  }
}
