import { createHash } from "node:crypto";
import type * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import { destinationKey } from "../../config/destinationKey.ts";
import { type AccessPurpose, type AccessQuestion, accessLogLine } from "../../text/extensionAccessText.ts";
import { destinationText } from "../../text/humanText.ts";
import { ExtensionAccessError } from "./extensionAccessErrors.ts";

/** A host that other extensions may use. */
export interface AccessGrant {
  /** Of the destination: what it resolves to, not its name, so that a changed configuration asks again. */
  readonly key: string;
  /** As it was typed, and where it led. For people; untrusted. */
  readonly host: string;
  readonly destination: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface AccessRequest {
  readonly purpose: AccessPurpose;
  readonly what?: string | undefined;
  /** A name that the caller gave itself. */
  readonly claim?: string | undefined;
}

/** In `globalState`, which stays on this machine: it is never named to `setKeysForSync`. */
const stateKey = "extensionAccess";
/** Hosts whose question waits for that of another one. */
const longestQueue = 3;
/** Milliseconds for which a "no" is an answer to the same question. */
const refusalLasts = 10 * 60_000;
/** After so many "no" within that time, nothing is asked any more. */
const mostRefusals = 3;

/**
 * Asks a person, once per destination, whether other extensions may use it. VS Code does not say which extension
 * calls: so the answer counts for all of them. This is consent, not isolation: an extension that runs as the same user
 * can read the same keys.
 */
export class ExtensionAccess {
  readonly #memento: vscode.Memento;
  readonly #resolver: Pick<HostResolver, "resolve">;
  readonly #ask: (question: AccessQuestion) => Promise<boolean>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed = new Emitter<void>();
  /** By destination: callers at the same time share one question. */
  readonly #asking = new Map<string, Promise<boolean>>();
  /** By destination, when the person said no. */
  readonly #refusals = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();
  readonly onDidChange: Event<void> = this.#changed.event;

  /** @param ask shows the question; false when it is refused or closed. */
  constructor(
    memento: vscode.Memento,
    resolver: Pick<HostResolver, "resolve">,
    ask: (question: AccessQuestion) => Promise<boolean>,
    clock: Clock,
    logger: Logger,
  ) {
    this.#memento = memento;
    this.#resolver = resolver;
    this.#ask = ask;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Resolves when other extensions may use `host`.
   * @throws ExtensionAccessError; ConfigError for a host that can't be resolved, which is not asked about.
   */
  async require(host: string, request: AccessRequest): Promise<void> {
    const config = await this.#resolver.resolve(host).catch((error: unknown) => {
      // A connection that is there can be ended while ssh_config is broken.
      if (request.purpose === "end" && this.isGranted(host)) {
        return undefined;
      }
      throw error;
    });
    if (config === undefined) {
      return;
    }
    const key = createHash("sha256").update(destinationKey(config)).digest("hex");
    if (this.grants().some((grant) => grant.key === key)) {
      this.#logger.debug(`An extension uses "${printable(host)}" (${request.purpose})`);
      return;
    }
    const question: AccessQuestion = {
      host,
      destination: destinationText(config),
      purpose: request.purpose,
      ...(request.what === undefined ? {} : { what: request.what }),
      ...(request.claim === undefined ? {} : { claim: request.claim }),
    };
    let answer = this.#asking.get(key);
    if (answer === undefined) {
      this.#refuseUnasked(key, question);
      answer = this.#askInTurn(key, question).finally(() => this.#asking.delete(key));
      this.#asking.set(key, answer);
    }
    if (!(await answer)) {
      throw new ExtensionAccessError("refused", `Other extensions may not use "${printable(host)}"`);
    }
  }

  /** Oldest first. */
  grants(): readonly AccessGrant[] {
    const stored = this.#memento.get<unknown>(stateKey);
    return Array.isArray(stored) ? stored.filter(isGrant) : [];
  }

  /** Whether a host of this name was opened to other extensions. */
  isGranted(host: string): boolean {
    return this.grants().some((grant) => grant.host === host);
  }

  /** What runs already is not ended. */
  async revoke(keys: readonly string[]): Promise<void> {
    const [gone, kept] = [[] as AccessGrant[], [] as AccessGrant[]];
    for (const grant of this.grants()) {
      (keys.includes(grant.key) ? gone : kept).push(grant);
    }
    await this.#memento.update(stateKey, kept);
    for (const { host } of gone) {
      this.#logger.info(`Extensions may no longer use "${printable(host)}"`);
    }
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** @throws ExtensionAccessError where the person is not to be bothered again. */
  #refuseUnasked(key: string, question: AccessQuestion): void {
    const now = this.#clock.now();
    for (const [other, at] of this.#refusals) {
      if (now - at >= refusalLasts) {
        this.#refusals.delete(other);
      }
    }
    if (this.#refusals.has(key)) {
      throw new ExtensionAccessError(
        "refused",
        `Other extensions may not use "${printable(question.host)}": it was refused a few minutes ago`,
      );
    }
    if (this.#refusals.size >= mostRefusals || this.#asking.size > longestQueue) {
      this.#logger.debug(accessLogLine(question, "busy"));
      throw new ExtensionAccessError("busy", "Too many questions about other extensions were asked");
    }
  }

  async #askInTurn(key: string, question: AccessQuestion): Promise<boolean> {
    const before = this.#last;
    const turn = (async () => {
      await before.catch(() => {});
      // While it waited, the person had enough.
      return this.#refusals.size < mostRefusals && (await this.#ask(question));
    })();
    this.#last = turn;
    const allowed = await turn;
    if (allowed) {
      const { host, destination } = question;
      const grant: AccessGrant = { key, host, destination, since: this.#clock.now() };
      await this.#memento.update(stateKey, [...this.grants(), grant]);
      this.#changed.fire();
    } else {
      this.#refusals.set(key, this.#clock.now());
    }
    this.#logger.info(accessLogLine(question, allowed ? "allowed" : "refused"));
    return allowed;
  }
}

function isGrant(value: unknown): value is AccessGrant {
  return (
    typeof value === "object" &&
    value !== null &&
    "key" in value &&
    typeof value.key === "string" &&
    "host" in value &&
    typeof value.host === "string" &&
    "destination" in value &&
    typeof value.destination === "string" &&
    "since" in value &&
    typeof value.since === "number"
  );
}
