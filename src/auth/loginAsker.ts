import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { AuthError } from "./authErrors.ts";
import type { AuthPrompter, PromptAnswer, SecretStore } from "./authPorts.ts";
import type { LoginAsker, LoginQuestion } from "./loginAskerPorts.ts";
import type { LoginNeeds } from "./loginNeeds.ts";
import { PasswordSource } from "./passwordSource.ts";
import { dropSecret, passphraseSecret, passwordSecret, tolerantSecrets } from "./secrets.ts";

export interface LoginAskerOptions {
  readonly config: HostConfig;
  /** False: only stored answers are used. */
  readonly allowPrompts: boolean;
  readonly prompter: AuthPrompter;
  readonly secrets: SecretStore;
  readonly needs: LoginNeeds;
  readonly logger: Logger;
  /** Every prompt runs inside. */
  pause<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * For an engine whose program logs in on its own: answers its questions from the secret store, otherwise asks the
 * user.
 */
export function createLoginAsker(options: LoginAskerOptions): LoginAsker {
  return new Asker(options);
}

interface GivenPassphrase {
  readonly value: string;
  readonly isStored: boolean;
  readonly remember: boolean;
}

class Asker implements LoginAsker {
  readonly #options: LoginAskerOptions;
  readonly #secrets: SecretStore;
  readonly #password: PasswordSource;
  /** The last passphrase of each file. The same question again means that it was wrong. */
  readonly #passphrases = new Map<string, GivenPassphrase>();
  readonly #attempts = new Map<string, number>();
  #prompted = false;
  #touched = false;

  constructor(options: LoginAskerOptions) {
    this.#options = options;
    this.#secrets = tolerantSecrets(options.secrets, options.logger);
    const { config, allowPrompts, prompter, pause, logger } = options;
    this.#password = new PasswordSource(
      this.#secrets,
      passwordSecret(config),
      allowPrompts ? (attempt) => pause(() => prompter.password(config, attempt, this.#signal)) : undefined,
      logger,
    );
  }

  #signal: AbortSignal = new AbortController().signal;

  begin(): void {
    const { needs, config, allowPrompts } = this.#options;
    if (!allowPrompts && !needs.mayTryUnattended(config)) {
      throw this.#needsPerson("The last login needed the user, and prompts are not allowed");
    }
    needs.attempted(config, allowPrompts);
  }

  async answer(question: LoginQuestion, signal: AbortSignal): Promise<string | undefined> {
    this.#signal = signal;
    switch (question.kind) {
      case "password":
        return await this.#answerPassword();
      case "passphrase":
        return await this.#answerPassphrase(question.file);
      case "pin":
        return await this.#ask(() =>
          this.#options.prompter.pin?.(
            this.#options.config,
            question.of,
            this.#attempt(`pin ${question.of}`),
            signal,
          ),
        );
      case "text":
        return await this.#answerText(question.prompt);
      case "confirm":
        return await this.#confirm(question.prompt);
      case "touch":
        this.#touched = true;
        return undefined;
    }
  }

  async succeeded(): Promise<void> {
    const { needs, config } = this.#options;
    this.#password.accepted();
    needs.succeeded(config, {
      prompted: this.#prompted || this.#password.mustAskAgain,
      touched: this.#touched,
      waited: false,
    });
    await this.#password.store();
    for (const [file, { value, remember }] of this.#passphrases) {
      if (remember) {
        await this.#secrets.set(passphraseSecret(file), value);
      }
    }
  }

  async #answerPassword(): Promise<string> {
    // The same question again: the server has refused the last answer.
    await this.#password.refused();
    if (!this.#options.allowPrompts && !(await this.#password.isAvailable())) {
      throw this.#needsPerson("A password is required, and prompts are not allowed");
    }
    return await this.#password.next(this.#attempt("password"));
  }

  async #answerPassphrase(file: string): Promise<string> {
    const given = this.#passphrases.get(file);
    const secret = passphraseSecret(file);
    if (given?.isStored === true) {
      await dropSecret(this.#secrets, secret, given.value);
    }
    const stored = given === undefined ? await this.#secrets.get(secret) : undefined;
    if (stored !== undefined) {
      this.#passphrases.set(file, { value: stored, isStored: true, remember: false });
      return stored;
    }
    const { prompter, config } = this.#options;
    const attempt = this.#attempt(`passphrase ${file}`);
    const answer = await this.#ask<PromptAnswer>(() =>
      prompter.passphrase(config, file, attempt, this.#signal),
    );
    this.#passphrases.set(file, { ...answer, isStored: false });
    return answer.value;
  }

  async #answerText(prompt: string): Promise<string> {
    // An answer that is valid for one login only, such as a code: the next login has to ask again.
    this.#prompted = true;
    const { prompter, config } = this.#options;
    const request = { name: "", instructions: "", prompts: [{ prompt, echo: false }] };
    const [answer] = await this.#ask(() => prompter.keyboardInteractive(config, request, this.#signal));
    return answer ?? "";
  }

  /** The only question of `ssh` itself is that of AddKeysToAgent (sshconnect2.c). */
  async #confirm(prompt: string): Promise<string> {
    const { prompter, config, allowPrompts, pause } = this.#options;
    const file = /^Add key (.*) \(.*\) to agent\?$/s.exec(prompt)?.[1];
    const may =
      allowPrompts &&
      file !== undefined &&
      (await pause(async () => await prompter.addToAgent?.(config, file, this.#signal)));
    return may === true ? "yes" : "no";
  }

  /** @throws CancelledError, AuthError `needs-person` */
  async #ask<T>(work: () => Promise<T | undefined> | undefined): Promise<T> {
    if (!this.#options.allowPrompts) {
      throw this.#needsPerson("The login asks a question, and prompts are not allowed");
    }
    const answer = await this.#options.pause(async () => await work());
    if (answer === undefined) {
      throw CancelledError.dismissed();
    }
    return answer;
  }

  #attempt(what: string): number {
    const attempt = (this.#attempts.get(what) ?? 0) + 1;
    this.#attempts.set(what, attempt);
    return attempt;
  }

  #needsPerson(message: string): AuthError {
    return new AuthError("needs-person", message, { tried: [], methodsLeft: [] });
  }
}
