import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { PasswordChange, PromptAnswer, SecretStore } from "./authPorts.ts";
import { dropSecret } from "./secrets.ts";

/** What the server is checking. */
interface Pending {
  readonly value: string;
  readonly isStored: boolean;
  readonly remember: boolean;
}

/**
 * The account's password for one login: first the stored one, silently, then the user's. `accepted` and `refused`
 * report the server's decision; only an accepted password is stored. A stored one is deleted only when the server has
 * refused it, and nothing but it: no reply is not a refusal, and neither is the refusal of an attempt that included
 * more than the password.
 */
export class PasswordSource {
  readonly #secrets: SecretStore;
  readonly #secretKey: string;
  readonly #ask: ((attempt: number) => Promise<PromptAnswer | undefined>) | undefined;
  readonly #logger: Logger;
  #storedIsUsed = false;
  /** The stored password, as this login read it. */
  #stored: string | undefined;
  #pending: Pending | undefined;
  /** The attempt includes more than the password, so that its refusal proves nothing about the password. */
  #isDoubtful = false;
  /** The stored password was in an attempt that may have been refused for another reason. */
  #doubted: string | undefined;
  #toRemember: string | undefined;
  #outdated = false;
  #mustAskAgain = false;

  /** @param ask undefined: prompts are not allowed, so that only the stored password can be used. */
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

  /** The accepted password is not stored, so that the next login has to ask for it too. */
  get mustAskAgain(): boolean {
    return this.#mustAskAgain;
  }

  /** Whether `next` has a password to try, or may prompt for one. */
  async isAvailable(): Promise<boolean> {
    return (
      this.#ask !== undefined ||
      (!this.#storedIsUsed && (await this.#secrets.get(this.#secretKey)) !== undefined)
    );
  }

  /** @throws CancelledError when the user dismissed the prompt, or prompts are not allowed. */
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
      throw this.#ask === undefined ? new CancelledError() : CancelledError.dismissed();
    }
    this.#pending = { ...answer, isStored: false };
    return answer.value;
  }

  /** The attempt continues after the password: a refusal may be about what follows. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** The server checks a new password instead of the pending one, which was right (RFC 4252 section 8). */
  changed({ newPassword, remember }: PasswordChange): void {
    const wasStored = this.#pending?.isStored === true || this.#outdated;
    this.#pending = { value: newPassword, isStored: false, remember: remember || wasStored };
    this.#outdated = wasStored;
  }

  accepted(): void {
    const pending = this.#pending;
    if (pending !== undefined && !pending.isStored) {
      if (pending.remember) {
        this.#toRemember = pending.value;
      } else {
        this.#mustAskAgain = true;
        // So it was the stored password that was wrong.
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

  /** Stores the accepted password if it is to be remembered. */
  async store(): Promise<void> {
    if (this.#toRemember !== undefined) {
      await this.#secrets.set(this.#secretKey, this.#toRemember);
      this.#toRemember = undefined;
    } else if (this.#outdated && this.#stored !== undefined) {
      await dropSecret(this.#secrets, this.#secretKey, this.#stored);
    }
  }
}
