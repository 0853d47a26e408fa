import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { PasswordChange, PromptAnswer, SecretStore } from "./authPorts.ts";
import { dropSecret } from "./secrets.ts";

/** What the server is judging. */
interface Pending {
  readonly value: string;
  readonly isStored: boolean;
  readonly remember: boolean;
}

/**
 * The account's password for one login: the stored one first, silently, then the person's. What the server thinks of
 * it comes back through `accepted` and `refused`; only an accepted one is stored. A stored one is dropped when the
 * server has refused it, and nothing but it: no answer is not a refusal, and neither is the refusal of an attempt that
 * held more than the password.
 */
export class PasswordSource {
  readonly #secrets: SecretStore;
  readonly #secretKey: string;
  readonly #ask: ((attempt: number) => Promise<PromptAnswer | undefined>) | undefined;
  readonly #logger: Logger;
  #storedIsUsed = false;
  /** What was in the store when this login looked. */
  #stored: string | undefined;
  #pending: Pending | undefined;
  /** The attempt holds more than the password, so that its refusal says nothing about it. */
  #isDoubtful = false;
  /** The stored one was in an attempt whose refusal may have been about something else. */
  #doubted: string | undefined;
  #toRemember: string | undefined;
  #outdated = false;
  #mustAskAgain = false;

  /** @param ask undefined: nobody may be asked, so that there is the stored password or none. */
  constructor(
    secrets: SecretStore,
    secretKey: string,
    ask: ((attempt: number) => Promise<PromptAnswer | undefined>) | undefined,
    logger: Logger,
  ) {
    this.#secrets = secrets;
    this.#secretKey = secretKey;
    this.#ask = ask;
    this.#logger = logger;
  }

  /** A password was accepted that is not kept: the next login has to ask for it too. */
  get mustAskAgain(): boolean {
    return this.#mustAskAgain;
  }

  /** Whether `next` has something to give, or somebody to ask. */
  async isAvailable(): Promise<boolean> {
    return (
      this.#ask !== undefined ||
      (!this.#storedIsUsed && (await this.#secrets.get(this.#secretKey)) !== undefined)
    );
  }

  /** @throws CancelledError when the person dismissed the prompt, or there is nobody to ask. */
  async next(attempt: number): Promise<string> {
    this.#isDoubtful = false;
    if (!this.#storedIsUsed) {
      this.#storedIsUsed = true;
      const value = await this.#secrets.get(this.#secretKey);
      if (value !== undefined) {
        this.#stored = value;
        this.#pending = { value, isStored: true, remember: false };
        return value;
      }
    }
    const answer = await this.#ask?.(attempt);
    if (answer === undefined) {
      throw new CancelledError();
    }
    this.#pending = { ...answer, isStored: false };
    return answer.value;
  }

  /** The attempt goes on after the password: a refusal may be about what comes now. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** The server judges a new password in place of the pending one, which it knew (RFC 4252 section 8). */
  changed({ newPassword, remember }: PasswordChange): void {
    const wasStored = this.#pending?.isStored === true || this.#outdated;
    this.#pending = { value: newPassword, isStored: false, remember: remember || wasStored };
    this.#outdated = wasStored;
    this.#isDoubtful = true;
  }

  accepted(): void {
    const pending = this.#pending;
    if (pending !== undefined && !pending.isStored) {
      if (pending.remember) {
        this.#toRemember = pending.value;
      } else {
        this.#mustAskAgain = true;
        // It was the stored password that was wrong, after all.
        this.#outdated ||= this.#doubted !== undefined && this.#doubted !== pending.value;
      }
    }
    this.#pending = undefined;
  }

  async refused(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.isStored !== true) {
      return;
    }
    if (this.#isDoubtful) {
      this.#doubted = pending.value;
      this.#logger.info("Refused with more than the stored password, which is kept");
      return;
    }
    this.#logger.info("The stored password was refused: dropped");
    await dropSecret(this.#secrets, this.#secretKey, pending.value);
  }

  /** Stores what was accepted and is to be remembered. */
  async store(): Promise<void> {
    if (this.#toRemember !== undefined) {
      await this.#secrets.set(this.#secretKey, this.#toRemember);
      this.#toRemember = undefined;
    } else if (this.#outdated && this.#stored !== undefined) {
      await dropSecret(this.#secrets, this.#secretKey, this.#stored);
    }
  }
}
