import { CancelledError } from "../base/errors.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import { type ForwardSpec, parseForward } from "../config/forwardSpec.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { HostPolicies } from "../config/hostPolicies.ts";
import { typedHost } from "../config/hostSpec.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { ForwardService } from "./forwardService.ts";
import type { ForwardOrigin, ForwardRequest, ForwardSnapshot } from "./forwardTypes.ts";

/** A session is about to open on an existing connection. */
export interface SessionBegins {
  readonly masterId: string;
  readonly config: HostConfig;
  readonly folder: SettingsFolder | undefined;
}

interface Wanted {
  readonly spec: ForwardSpec;
  readonly origin: ForwardOrigin;
}

/**
 * Starts the forwards that ssh_config and the settings configure for a host, with its first session on a connection,
 * as `ssh` does. A forward that the user has stopped stays stopped until the host's next connection.
 */
export class SessionForwards {
  readonly #service: ForwardService;
  readonly #policies: HostPolicies;
  readonly #isThere: (masterId: string) => boolean;
  /** Per connection, the hosts that have had their first session on it. */
  readonly #begun = new Map<string, Set<string>>();

  /** @param isThere whether a connection with this id still exists; others are forgotten */
  constructor(service: ForwardService, policies: HostPolicies, isThere: (masterId: string) => boolean) {
    this.#service = service;
    this.#policies = policies;
    this.#isThere = isThere;
  }

  /**
   * Resolves at once, except under ExitOnForwardFailure: then when all forwards listen.
   * @throws under ExitOnForwardFailure, ForwardError or another reason why a forward does not listen. Only the
   * session is refused then, never the connection.
   */
  async begin(session: SessionBegins): Promise<void> {
    const { config, folder } = session;
    const host = typedHost(config);
    this.#service.restoreWith(host, config, folder).catch(() => {
      // Its row has the reason.
    });
    const configured = config.forwarding.forwards.map(
      ({ spec, source }): Wanted => ({
        spec,
        origin: { ...source, alias: config.alias },
      }),
    );
    const begun = this.#begunOn(session.masterId);
    if (begun.has(host)) {
      return;
    }
    const saved = this.#saved(session);
    if (configured.length + saved.length === 0) {
      return;
    }
    begun.add(host);
    const starting = this.#start(session, configured, saved);
    if (
      config.forwarding.exitOnForwardFailure &&
      this.#policies.get("forwardsFromConfig", config, folder).value !== "never"
    ) {
      try {
        await starting;
      } catch (error) {
        // The next session tries again.
        begun.delete(host);
        throw error;
      }
    } else {
      starting.catch(() => {});
    }
  }

  #begunOn(masterId: string): Set<string> {
    const known = this.#begun.get(masterId);
    if (known !== undefined) {
      return known;
    }
    for (const id of this.#begun.keys()) {
      if (!this.#isThere(id)) {
        this.#begun.delete(id);
      }
    }
    const begun = new Set<string>();
    this.#begun.set(masterId, begun);
    return begun;
  }

  async #start(
    { config, folder }: SessionBegins,
    configured: readonly Wanted[],
    saved: readonly Wanted[],
  ): Promise<void> {
    const mode = this.#policies.get("forwardsFromConfig", config, folder).value;
    const specs = configured.map(({ spec }) => spec);
    const host = typedHost(config);
    const isWanted =
      configured.length > 0 &&
      mode !== "never" &&
      (mode === "auto" || (await this.#service.prompts.mayStart(host, specs)));
    const requests = [...(isWanted ? configured : []), ...saved].map(
      (wanted): ForwardRequest => ({ host, ...wanted, ...(folder && { folder }) }),
    );
    const outcomes = await Promise.all(
      requests.map(async (request) => ({ request, error: await this.#startOne(request, config) })),
    );
    if (config.forwarding.exitOnForwardFailure) {
      const failed = outcomes.find(
        ({ request, error }) => request.origin.kind === "sshConfig" && error !== undefined,
      );
      if (failed?.error !== undefined) {
        throw failed.error;
      }
    }
  }

  /** @returns why it does not listen; undefined also if the user declined it */
  async #startOne(request: ForwardRequest, config: HostConfig): Promise<Error | undefined> {
    try {
      const forward = await this.#service.startResolved(request, config, "unattended");
      const { state } = forward;
      if (state.kind !== "refused") {
        return undefined;
      }
      if (
        request.spec.kind !== "remote" &&
        ForwardError.is(state.error) &&
        state.error.reason === "port-taken"
      ) {
        void this.#askAboutPort(forward, request, config).catch(() => {});
      }
      return state.error;
    } catch (error) {
      if (CancelledError.is(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async #askAboutPort(forward: ForwardSnapshot, request: ForwardRequest, config: HostConfig): Promise<void> {
    const { listen } = request.spec;
    const answer = await this.#service.prompts.portTaken(forward);
    if (answer === "retry") {
      await this.#service.restart(forward.id);
    } else if (answer === "another-port" && listen.type === "tcp" && request.spec.kind !== "remote") {
      this.#service.stop(forward.id);
      const spec = { ...request.spec, listen: { ...listen, port: 0 } };
      await this.#service.startResolved({ ...request, spec }, config, "unattended");
    }
  }

  /** The forwards of `sshSessions.hosts` that are not on demand. */
  #saved({ config, folder }: SessionBegins): readonly Wanted[] {
    const { value, source } = this.#policies.get("forwards", config, folder);
    const pattern = source.kind === "hostSetting" ? source.pattern : config.alias;
    return value.map((text) => ({ spec: parseForward(text), origin: { kind: "setting", pattern } }));
  }
}
