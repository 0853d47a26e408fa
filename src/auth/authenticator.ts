import { type Clock, systemClock } from "../base/clock.ts";
import { CancelledError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { AuthError, KeyFileError, OtherEngineError } from "./authErrors.ts";
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
import { isPasswordQuestion } from "./passwordQuestion.ts";
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
  /** Which earlier logins needed the user; shared by all logins of the window. Default: nothing is known. */
  readonly needs?: LoginNeeds;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Cancels the login: dismisses prompts, ends requests to the agent. */
  readonly signal: AbortSignal;
  /**
   * False: prompts are not allowed, as when a connection is restored automatically. Unlike under BatchMode, which
   * disables passwords, a stored password is then used. Default true.
   */
  readonly allowPrompts?: boolean;
  /** See LoginOptions. Called once, after the keys; the login then ends with OtherEngineError. */
  readonly canOtherEngine?: (methodsLeft: readonly string[]) => Promise<boolean>;
  /** Runs a step that waits for the user while the connection's deadline is paused. */
  readonly pause: <T>(work: () => Promise<T>) => Promise<T>;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

type Method = "publickey" | "keyboard-interactive" | "password";

/**
 * The dialogue of one login in OpenSSH's order (userauth and authmethod_get in sshconnect2.c): `none` to learn the
 * server's methods, then PreferredAuthentications, each as long as it has something to try.
 *
 * It is stricter than OpenSSH in three points, so that no account gets locked: no key is offered twice; password and
 * keyboard-interactive share NumberOfPasswordPrompts tries (a partial success resets the count, but neither method is
 * ever started more often than that); a stored password that is tried silently counts as one of them.
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
  /** For the whole login: repeated partial successes must not prompt without end. */
  readonly #begun: Record<Exclude<Method, "publickey">, number> = { "keyboard-interactive": 0, password: 0 };
  readonly #needs: LoginNeeds;
  readonly #clock: Clock;
  #signatureAlgorithms: readonly string[] | undefined;
  #binding: SessionBinding | undefined;
  /** When the server received what it is checking now. */
  #answeredAt: number | undefined;
  #prompted = false;
  #touched = false;
  /** Keyboard-interactive: the server has asked something since the method started. */
  #wasAsked = false;
  #keyboardInteractiveIsUseless = false;
  #last: AuthAttempt["method"] | undefined;
  #canOtherEngine: AuthenticatorOptions["canOtherEngine"];
  /** Why the login can't continue: a prompt was dismissed, or the login cancelled, during an attempt. */
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(options: AuthenticatorOptions) {
    const { config, prompter, signal } = options;
    this.#options = options;
    this.#canOtherEngine = options.canOtherEngine;
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
    if (methodsLeft === undefined) {
      this.#begin();
      this.#last = "none";
      this.#answeredAt = this.#clock.monotonic();
      return { method: "none" };
    }
    // For a server that names no method, all our methods are tried, as in OpenSSH.
    this.#methodsLeft = methodsLeft.length > 0 ? methodsLeft : (this.#methodsLeft ?? this.#methods);
    for (const method of this.#methods) {
      if (this.#methodsLeft.includes(method)) {
        await this.#considerOtherEngine(method);
        const attempt = await this.#attempt(method);
        if (attempt !== undefined) {
          this.#last = attempt.method;
          this.#answeredAt = this.#clock.monotonic();
          return attempt;
        }
      }
    }
    await this.#considerOtherEngine();
    this.#last = undefined;
    return undefined;
  }

  async #considerOtherEngine(next?: Method): Promise<void> {
    const can = next === "publickey" ? undefined : this.#canOtherEngine;
    this.#canOtherEngine = can === undefined ? this.#canOtherEngine : undefined;
    if (await can?.(this.#methodsLeft ?? [])) {
      throw new OtherEngineError();
    }
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

  /** The first authentication request: it uses up the one unattended try of a host that needs the user. */
  #begin(): void {
    if (!this.#isAttended && !this.#needs.mayTryUnattended(this.#config)) {
      throw new AuthError("needs-person", "The last login needed the user, and prompts are not allowed", {
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
      // The server may also have asked for a confirmation on a phone, and that may be what was refused.
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
      // It was refused without a question: another try would have the same result.
      this.#keyboardInteractiveIsUseless = true;
      this.#passwordTries--;
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

  /** Uses up one of the tries. */
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
      throw CancelledError.dismissed();
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
      // An informational request, which the engine has shown; RFC 4256 section 3.2 requires an empty response.
      return [];
    }
    if (round === 1 && isPasswordQuestion(request)) {
      return [await this.#password.next(attempt)];
    }
    if (!this.#mayAsk) {
      throw this.#error("nothing-to-try", "The server asks a question, and prompts are not allowed");
    }
    this.#prompted = true;
    const { prompter, pause } = this.#options;
    const answers = await pause(() => prompter.keyboardInteractive(this.#target, request, signal));
    if (answers === undefined) {
      throw CancelledError.dismissed();
    }
    return request.prompts.map((_, index) => answers[index] ?? "");
  }

  /** Remembers that an attempt was cancelled, however the engine reports it. */
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
