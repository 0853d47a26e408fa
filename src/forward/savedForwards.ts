import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { SettingsPort } from "../config/configPorts.ts";
import { isLoopback, parseForward } from "../config/forwardSpec.ts";
import { entryPatterns, type HostPolicies } from "../config/hostPolicies.ts";
import { hostNames } from "../config/hostSpec.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardService } from "./forwardService.ts";
import type { ForwardOrigin } from "./forwardTypes.ts";

/**
 * The saved forwards that wait for their first client without a connection (`sshSessions.forwards.onDemand`): those
 * in entries for a single host. Those that are removed from the settings stop. A workspace's own forwards count only
 * if it is trusted, because the settings contain them only then.
 */
export class SavedForwards implements Disposable {
  readonly #service: ForwardService;
  readonly #settings: SettingsPort;
  readonly #policies: HostPolicies;
  readonly #logger: Logger;
  readonly #store = new DisposableStore();
  /** Ids, by host and the forward's text. */
  readonly #started = new Map<string, { readonly host: string; readonly id: Promise<string | undefined> }>();

  constructor(service: ForwardService, settings: SettingsPort, policies: HostPolicies, logger: Logger) {
    this.#service = service;
    this.#settings = settings;
    this.#policies = policies;
    this.#logger = logger;
    this.#store.add(settings.onDidChange(() => this.update()));
  }

  /** Starts missing forwards, and stops removed ones. */
  update(): void {
    const wanted = this.#wanted();
    for (const [key, { host, id }] of this.#started) {
      if (!wanted.has(key)) {
        this.#started.delete(key);
        void id.then((known) => known !== undefined && this.#service.removeSaved(known, savedFor(host)));
      }
    }
    for (const [key, { host, text }] of wanted) {
      if (!this.#started.has(key)) {
        this.#started.set(key, { host, id: this.#start(host, text) });
      }
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  #wanted(): ReadonlyMap<string, { readonly host: string; readonly text: string }> {
    const found = new Map<string, { readonly host: string; readonly text: string }>();
    for (const entry of this.#settings.hosts) {
      const [host, ...others] = entryPatterns(entry);
      if (host === undefined || others.length > 0 || /[*?!]/.test(host)) {
        continue;
      }
      const config = { alias: hostNames(host).alias };
      if (this.#policies.get("forwardsOnDemand", config, this.#settings.folder).value) {
        for (const text of this.#policies.get("forwards", config, this.#settings.folder).value) {
          found.set(`${host} ${forwardKey(parseForward(text))}`, { host, text });
        }
      }
    }
    return found;
  }

  async #start(host: string, text: string): Promise<string | undefined> {
    const spec = parseForward(text);
    // The server can listen only over a connection; the question about an open listener is asked when a session
    // begins.
    if (spec.kind === "remote" || !isLoopback(spec.listen, false)) {
      return undefined;
    }
    try {
      return (await this.#service.start({ host, spec, origin: savedFor(host), onDemand: true })).id;
    } catch (error) {
      const why = printable(asError(error).message);
      this.#logger.warn(`The saved forward ${printable(text)} of ${printable(host)} was not started: ${why}`);
      return undefined;
    }
  }
}

function savedFor(host: string): ForwardOrigin {
  return { kind: "setting", pattern: host };
}
