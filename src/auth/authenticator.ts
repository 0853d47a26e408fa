import { type Clock, systemClock } from "../base/clock.ts";
import { CancelledError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { AuthError, KeyFileError } from "./authErrors.ts";
import type {
  AgentClient,
  AuthAttempt,
  Authenticator,
  AuthPrompter,
  AuthTarget,
  KeyboardInteractiveRequest,
  KeyReader,
  PasswordChange,
  SecretStore,
  SessionBinding,
  SigningKey,
} from "./authPorts.ts";
import { KeyOffers } from "./keyOffers.ts";
import type { KeyRing } from "./keys/keyRing.ts";
import { LoginNeeds, longWait } from "./loginNeeds.ts";
import { PasswordSource } from "./passwordSource.ts";
import { passwordSecret, tolerantSecrets } from "./secrets.ts";
import { isSecurityKeyType } from "./signatureAlgorithms.ts";

export interface AuthenticatorOptions {
  readonly config: HostConfig;
  readonly prompter: AuthPrompter;
  readonly secrets: SecretStore;
  readonly agent: AgentClient;
  readonly reader: KeyReader;
  /** Shared by all logins of the window. */
  readonly keyRing: KeyRing;
  /** What earlier logins needed of a person; shared by all logins of the window. Default: nothing is known. */
  readonly needs?: LoginNeeds;
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Gives the login up: dismisses prompts, ends requests to the agent. */
  readonly signal: AbortSignal;
  /**
   * False: nobody may be asked, as when a connection comes back by itself. Unlike BatchMode, which switches passwords
   * off, a stored one is then used. Default true.
   */
  readonly allowPrompts?: boolean;
  /** Runs whatever waits for a person with the connection's deadline standing still. */
  readonly pause: <T>(work: () => Promise<T>) => Promise<T>;
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

type Method = "publickey" | "keyboard-interactive" | "password";

/** The one prompt by which PAM and others ask for the account's password. */
const passwordPrompt = /^\s*(?:\([^()]*\)\s*)?(?:\S+'s )?password(?: for \S+)?\s*:?\s*$/i;

/** A longer prompt is not that one: a server must not choose how long we match. */
const longestPasswordPrompt = 256;

/**
 * One login's dialogue in OpenSSH's order (userauth and authmethod_get in sshconnect2.c): `none` to learn what the
 * server takes, then PreferredAuthentications, each as long as it has something to try.
 *
 * Stricter than OpenSSH in three things, so that no account gets locked: no key is offered twice; password and
 * keyboard-interactive share NumberOfPasswordPrompts tries (a partial success starts them anew, but neither method is
 * ever begun more often than that); a stored password that is tried silently counts as one of them.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  return new Dialogue(options);
}

class Dialogue implements Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #config: HostConfig;
  readonly #logger: Logger;
  readonly #target: AuthTarget;
  readonly #password: PasswordSource;
  readonly #methods: readonly Method[];
  readonly #mayAsk: boolean;
  readonly #tried: string[] = [];
  readonly #problems: string[] = [];
  #methodsLeft: readonly string[] | undefined;
  readonly #keys: KeyOffers;
  /** Since the last partial success. */
  #passwordTries = 0;
  /** In the whole login: partial successes without end must not ask without end. */
  readonly #begun: Record<Exclude<Method, "publickey">, number> = { "keyboard-interactive": 0, password: 0 };
  readonly #needs: LoginNeeds;
  readonly #clock: Clock;
  #signatureAlgorithms: readonly string[] | undefined;
  #binding: SessionBinding | undefined;
  /** When the server got what it is judging now. */
  #answeredAt: number | undefined;
  #prompted = false;
  #touched = false;
  /** Keyboard-interactive: the server has asked something since the method was begun. */
  #wasAsked = false;
  #keyboardInteractiveIsUseless = false;
  #last: AuthAttempt["method"] | undefined;
  /** Why the login can't go on: a prompt was dismissed, or the login given up, in the middle of an attempt. */
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(options: AuthenticatorOptions) {
    const { config, prompter, signal } = options;
    this.#options = options;
    this.#config = config;
    this.#logger = options.logger;
    const { alias, user, hostName, port } = config;
    this.#target = { alias, user, hostName, port };
    this.#needs = options.needs ?? new LoginNeeds();
    this.#clock = options.clock ?? systemClock;
    this.#mayAsk = (options.allowPrompts ?? true) && !config.batchMode;
    this.#password = new PasswordSource(
      tolerantSecrets(options.secrets, options.logger),
      passwordSecret(config),
      this.#mayAsk
        ? (attempt) => options.pause(() => prompter.password(this.#target, attempt, signal))
        : undefined,
      options.logger,
    );
    this.#keys = new KeyOffers(
      { ...options, mayAsk: this.#mayAsk, target: this.#target },
      {
        tried: (what) => this.#tried.push(what),
        problem: (text) => this.#problem(text),
        signed: (key) => this.#onSigned(key),
        guard: (work) => this.#guard(work),
      },
    );
    this.#methods = config.preferredAuthentications.filter((name) => this.#isEnabled(name));
  }

  async next(
    methodsLeft: readonly string[] | undefined,
    partialSuccess: boolean,
    signatureAlgorithms?: readonly string[],
    binding?: SessionBinding,
  ): Promise<AuthAttempt | undefined> {
    this.#signatureAlgorithms = signatureAlgorithms;
    this.#binding = binding;
    await this.#settleLast(partialSuccess);
    if (this.#cancelled !== undefined) {
      throw this.#cancelled.reason;
    }
    this.#options.signal.throwIfAborted();
    if (methodsLeft === undefined && this.#last === undefined) {
      this.#begin();
      this.#last = "none";
      this.#answeredAt = this.#clock.monotonic();
      return { method: "none" };
    }
    // A server that names no method is asked for all that we have, as in OpenSSH.
    this.#methodsLeft = methodsLeft?.length ? methodsLeft : (this.#methodsLeft ?? this.#methods);
    for (const method of this.#methods) {
      if (this.#methodsLeft.includes(method)) {
        const attempt = await this.#attempt(method);
        if (attempt !== undefined) {
          this.#last = attempt.method;
          this.#answeredAt = this.#clock.monotonic();
          return attempt;
        }
      }
    }
    this.#last = undefined;
    return undefined;
  }

  async succeeded(): Promise<void> {
    this.#password.accepted();
    this.#needs.succeeded(this.#config, {
      prompted: this.#prompted || this.#password.mustAskAgain,
      touched: this.#touched,
      waited: this.#hasWaitedLong(),
    });
    this.#answeredAt = undefined;
    await this.#password.store();
  }

  failed(): void {
    if (this.#hasWaitedLong()) {
      this.#needs.gaveUpWaiting(this.#config, this.#isAttended);
    }
    this.#answeredAt = undefined;
  }

  tried(): readonly string[] {
    return [...this.#tried];
  }

  problems(): readonly string[] {
    return [...this.#problems];
  }

  #isEnabled(name: string): name is Method {
    const { pubkeyAuthentication, kbdInteractiveAuthentication, passwordAuthentication, batchMode } =
      this.#config;
    switch (name) {
      case "publickey":
        return pubkeyAuthentication;
      case "keyboard-interactive":
        return kbdInteractiveAuthentication && !batchMode;
      case "password":
        return passwordAuthentication && !batchMode;
      default:
        return false;
    }
  }

  get #isAttended(): boolean {
    return this.#options.allowPrompts ?? true;
  }

  /** The first authentication request: this spends the one unattended try of a host that needs a person. */
  #begin(): void {
    if (!this.#isAttended && !this.#needs.mayTryUnattended(this.#config)) {
      throw new AuthError("needs-person", "The last login needed a person, and nobody is there to be asked", {
        tried: [],
        methodsLeft: [],
      });
    }
    this.#needs.attempted(this.#config, this.#isAttended);
  }

  #hasWaitedLong(): boolean {
    return this.#answeredAt !== undefined && this.#clock.monotonic() - this.#answeredAt > longWait;
  }

  async #settleLast(partialSuccess: boolean): Promise<void> {
    if (this.#hasWaitedLong()) {
      // A telephone may have been asked as well: the refusal may be its owner's.
      this.#password.doubt();
    }
    this.#answeredAt = undefined;
    if (partialSuccess) {
      this.#password.accepted();
      this.#passwordTries = 0;
      return;
    }
    await this.#password.refused();
    if (this.#last === "keyboard-interactive" && !this.#wasAsked) {
      // Refused without a question: asking again would go the same way.
      this.#keyboardInteractiveIsUseless = true;
      this.#passwordTries--;
      this.#begun["keyboard-interactive"]--;
    }
  }

  async #attempt(method: Method): Promise<AuthAttempt | undefined> {
    switch (method) {
      case "publickey":
        return await this.#keys.next(this.#signatureAlgorithms, this.#binding);
      case "keyboard-interactive":
        return this.#keyboardInteractiveIsUseless || !(await this.#mayTryPassword(method))
          ? undefined
          : this.#keyboardInteractive();
      case "password":
        return (await this.#mayTryPassword(method))
          ? this.#passwordAttempt(await this.#password.next(this.#passwordTries))
          : undefined;
    }
  }

  /** Takes one of the tries. */
  async #mayTryPassword(method: Exclude<Method, "publickey">): Promise<boolean> {
    const { numberOfPasswordPrompts } = this.#config;
    if (
      this.#passwordTries >= numberOfPasswordPrompts ||
      this.#begun[method] >= numberOfPasswordPrompts ||
      !(await this.#password.isAvailable())
    ) {
      return false;
    }
    this.#passwordTries++;
    this.#begun[method]++;
    this.#tried.push(method);
    return true;
  }

  #passwordAttempt(password: string): AuthAttempt {
    let changes = 0;
    return {
      method: "password",
      password,
      change: (text, signal) => this.#guard(() => this.#changePassword({ text, attempt: ++changes }, signal)),
    };
  }

  async #changePassword(
    request: { readonly text: string; readonly attempt: number },
    signal: AbortSignal,
  ): Promise<PasswordChange> {
    const { prompter, pause } = this.#options;
    if (!this.#mayAsk || request.attempt > this.#config.numberOfPasswordPrompts) {
      throw this.#error("password-expired", "The password has expired and was not changed");
    }
    const change = await pause(() => prompter.changePassword(this.#target, request, signal));
    if (change === undefined) {
      throw new CancelledError();
    }
    this.#password.changed(change);
    this.#answeredAt = this.#clock.monotonic();
    return change;
  }

  #onSigned(key: SigningKey): void {
    this.#touched ||= isSecurityKeyType(key.type);
    this.#answeredAt = this.#clock.monotonic();
  }

  #keyboardInteractive(): AuthAttempt {
    const attempt = this.#passwordTries;
    let rounds = 0;
    this.#wasAsked = false;
    return {
      method: "keyboard-interactive",
      answer: async (request, signal) => {
        rounds++;
        this.#wasAsked = true;
        try {
          const answers = await this.#guard(() => this.#answer(request, rounds, attempt, signal));
          this.#answeredAt = this.#clock.monotonic();
          return answers;
        } catch (error) {
          if (CancelledError.is(error)) {
            return undefined;
          }
          throw error;
        }
      },
    };
  }

  async #answer(
    request: KeyboardInteractiveRequest,
    round: number,
    attempt: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    if (round > 1) {
      this.#password.doubt();
    }
    const [first] = request.prompts;
    if (first === undefined) {
      // Only something to read, which the engine has shown; RFC 4256 section 3.2 wants an empty answer.
      return [];
    }
    const isPassword =
      request.prompts.length === 1 &&
      !first.echo &&
      first.prompt.length <= longestPasswordPrompt &&
      passwordPrompt.test(first.prompt);
    const saysMore = `${request.name}${request.instructions}`.trim() !== "";
    if (round === 1 && isPassword && !saysMore) {
      return [await this.#password.next(attempt)];
    }
    if (!this.#mayAsk) {
      throw this.#error("nothing-to-try", "The server asks a question, and nobody may be asked");
    }
    this.#prompted = true;
    const { prompter, pause } = this.#options;
    const answers = await pause(() => prompter.keyboardInteractive(this.#target, request, signal));
    if (answers === undefined) {
      throw new CancelledError();
    }
    return request.prompts.map((_, index) => answers[index] ?? "");
  }

  /** Remembers that an attempt was cancelled, whatever the engine makes of its failure. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (CancelledError.is(error) || this.#options.signal.aborted) {
        this.#cancelled = { reason: error };
      } else if (KeyFileError.is(error)) {
        this.#problem(error.message);
      }
      throw error;
    }
  }

  #error(reason: AuthError["reason"], message: string): AuthError {
    return new AuthError(reason, message, {
      tried: this.tried(),
      problems: this.problems(),
      methodsLeft: (this.#methodsLeft ?? []).map((name) => printable(name)),
    });
  }

  #problem(text: string): void {
    const shown = printable(text);
    this.#problems.push(shown);
    this.#logger.warn(shown);
  }
}
