import { createHash } from "node:crypto";
import type * as vscode from "vscode";
import { Budget } from "../../base/budget.ts";
import type { Clock } from "../../base/clock.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import { destinationKey } from "../../config/destinationKey.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { type AccessPurpose, type AccessQuestion, accessLogLine } from "../../text/extensionAccessText.ts";
import { destinationText } from "../../text/humanText.ts";
import { ExtensionAccessError } from "./extensionAccessErrors.ts";

/** A host that other extensions may use. */
export interface AccessGrant {
  /**
   * The key of the destination: what the host resolves to, not its name, so that a changed configuration asks again.
   */
  readonly key: string;
  /** The typed host, and its destination. For display; untrusted. */
  readonly host: string;
  readonly destination: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface AccessRequest {
  readonly purpose: AccessPurpose;
  readonly what?: string | undefined;
  /** The caller's own name for itself. */
  readonly claim?: string | undefined;
}

/** In `globalState`, which stays on this machine: it is never passed to `setKeysForSync`. */
const stateKey = "extensionAccess";
/** The number of hosts whose question may wait for another one. */
const longestQueue = 3;
/** Milliseconds for which a refusal also answers the same question, or all questions if the user said so. */
const refusalLasts = 10 * 60_000;
/** After this many refusals for any hosts, nothing is asked until one of them is this old, in milliseconds. */
const mostRefusals = 3;
const breathingSpace = 60_000;
/** The number of hosts that are looked up at the same time or wait for it: each may start a program (`ssh -G`). */
const mostLookups = 4;
const mostWaiting = 500;

/** A closed question counts as a refusal. */
export type AccessAnswer = "allow" | "refuse" | "refuse-all";

/**
 * Asks the user, once per destination, whether other extensions may use it. VS Code does not reveal which extension
 * calls, so the answer applies to all of them. This is consent, not isolation: an extension that runs as the same
 * user can read the same keys.
 */
export class ExtensionAccess {
  readonly #memento: vscode.Memento;
  readonly #resolver: Pick<HostResolver, "resolve">;
  readonly #ask: (question: AccessQuestion) => Promise<AccessAnswer>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed = new Emitter<void>();
  /** By destination: simultaneous callers share one question. */
  readonly #asking = new Map<string, Promise<boolean>>();
  /** By destination, when the user refused. */
  readonly #refusals = new Map<string, number>();
  #refusesAllUntil = Number.NEGATIVE_INFINITY;
  /** By typed host: simultaneous callers share one lookup. */
  readonly #lookups = new Map<string, Promise<HostConfig>>();
  #running = 0;
  readonly #nextLookups: (() => void)[] = [];
  readonly #useLines = new Budget(100, 5);
  readonly #busyLines = new Budget(10, 1);
  #last: Promise<unknown> = Promise.resolve();
  readonly onDidChange: Event<void> = this.#changed.event;

  /** @param ask shows the question. */
  constructor(
    memento: vscode.Memento,
    resolver: Pick<HostResolver, "resolve">,
    ask: (question: AccessQuestion) => Promise<AccessAnswer>,
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
   * @throws ExtensionAccessError; ConfigError for a host that can't be resolved, about which it does not ask.
   */
  async require(host: string, request: AccessRequest): Promise<void> {
    const config = await this.#lookUp(host, request).catch((error: unknown) => {
      // An existing connection can be ended while ssh_config is broken.
      if (request.purpose === "end" && this.isGranted(host) && !ExtensionAccessError.is(error)) {
        return undefined;
      }
      throw error;
    });
    if (config === undefined) {
      return;
    }
    const key = createHash("sha256").update(destinationKey(config)).digest("hex");
    if (this.grants().some((grant) => grant.key === key)) {
      if (this.#useLines.take()) {
        this.#logger.debug(`An extension uses "${printable(host)}" (${request.purpose})`);
      }
      return;
    }
    const question = questionAbout(host, destinationText(config), request);
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

  /** Whether other extensions may use a host of this name. */
  isGranted(host: string): boolean {
    return this.grants().some((grant) => grant.host === host);
  }

  /**
   * Whether a connection leads to the host of a grant. It compares name or address only, not the whole destination,
   * so that it errs on the side of showing too many.
   */
  opens({ spec, destination }: Pick<MasterSnapshot, "spec" | "destination">): boolean {
    const target = destinationText(destination);
    return this.grants().some((grant) => grant.host === spec || grant.destination === target);
  }

  /** Running commands are not ended. */
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

  /** What `host` resolves to. @throws ExtensionAccessError if too many different hosts wait for a lookup. */
  #lookUp(host: string, request: AccessRequest): Promise<HostConfig> {
    const known = this.#lookups.get(host);
    if (known !== undefined) {
      return known;
    }
    if (this.#nextLookups.length >= mostWaiting) {
      return Promise.reject(this.#busy(questionAbout(host, "", request)));
    }
    const lookup = this.#inTurn(() => this.#resolver.resolve(host)).finally(() => this.#lookups.delete(host));
    this.#lookups.set(host, lookup);
    return lookup;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= mostLookups) {
      await new Promise<void>((resolve) => this.#nextLookups.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#nextLookups.shift();
      if (next === undefined) {
        this.#running--;
      } else {
        next();
      }
    }
  }

  #busy(question: AccessQuestion): ExtensionAccessError {
    if (this.#busyLines.take()) {
      this.#logger.debug(accessLogLine(question, "busy"));
    }
    return new ExtensionAccessError("busy", "Too many questions about other extensions were asked");
  }

  /** The user wants no more questions about any host now. */
  get #hasEnough(): boolean {
    const now = this.#clock.now();
    const fresh = [...this.#refusals.values()].filter((at) => now - at < breathingSpace);
    return now < this.#refusesAllUntil || fresh.length >= mostRefusals;
  }

  /** @throws ExtensionAccessError if the user should not be asked again. */
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
    if (this.#hasEnough || this.#asking.size > longestQueue) {
      throw this.#busy(question);
    }
  }

  async #askInTurn(key: string, question: AccessQuestion): Promise<boolean> {
    const before = this.#last;
    const turn = (async () => {
      await before.catch(() => {});
      // While it waited, the user may have refused all questions.
      return this.#hasEnough ? undefined : await this.#ask(question);
    })();
    this.#last = turn;
    const answer = await turn;
    if (answer === undefined) {
      throw this.#busy(question);
    }
    if (answer === "allow") {
      const { host, destination } = question;
      const grant: AccessGrant = { key, host, destination, since: this.#clock.now() };
      await this.#memento.update(stateKey, [...this.grants(), grant]);
      this.#changed.fire();
      this.#logger.info(accessLogLine(question, "allowed"));
      return true;
    }
    this.#refusals.set(key, this.#clock.now());
    if (answer === "refuse-all") {
      this.#refusesAllUntil = this.#clock.now() + refusalLasts;
    }
    this.#logger.info(accessLogLine(question, answer === "refuse-all" ? "refused-all" : "refused"));
    return false;
  }
}

function questionAbout(
  host: string,
  destination: string,
  { purpose, what, claim }: AccessRequest,
): AccessQuestion {
  return {
    host,
    destination,
    purpose,
    ...(what !== undefined && { what }),
    ...(claim !== undefined && { claim }),
  };
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
