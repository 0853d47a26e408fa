import { CancelledError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { PromptAnswer, SecretStore } from "./authPorts.ts";

/**
 * The account's password for one login: the stored one first, silently, then the person's. What the server thinks of
 * it comes back through `accepted` and `refused`; only an accepted one is stored, and a refused stored one is dropped.
 */
export class PasswordSource {
  readonly #secrets: SecretStore;
  readonly #secretKey: string;
  readonly #ask: ((attempt: number) => Promise<PromptAnswer | undefined>) | undefined;
  readonly #logger: Logger;
  #storedIsUsed = false;
  /** What the server is judging now. */
  #pending:
    | { readonly kind: "stored" }
    | { readonly kind: "typed"; readonly answer: PromptAnswer }
    | undefined;
  #toRemember: string | undefined;

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

  /** Whether `next` has something to give, or somebody to ask. */
  async isAvailable(): Promise<boolean> {
    return (
      this.#ask !== undefined ||
      (!this.#storedIsUsed && (await this.#secrets.get(this.#secretKey)) !== undefined)
    );
  }

  /** @throws CancelledError when the person dismissed the prompt, or there is nobody to ask. */
  async next(attempt: number): Promise<string> {
    if (!this.#storedIsUsed) {
      this.#storedIsUsed = true;
      const stored = await this.#secrets.get(this.#secretKey);
      if (stored !== undefined) {
        this.#pending = { kind: "stored" };
        return stored;
      }
    }
    const answer = await this.#ask?.(attempt);
    if (answer === undefined) {
      throw new CancelledError();
    }
    this.#pending = { kind: "typed", answer };
    return answer.value;
  }

  accepted(): void {
    if (this.#pending?.kind === "typed" && this.#pending.answer.remember) {
      this.#toRemember = this.#pending.answer.value;
    }
    this.#pending = undefined;
  }

  async refused(): Promise<void> {
    const wasStored = this.#pending?.kind === "stored";
    this.#pending = undefined;
    if (wasStored) {
      this.#logger.info("The stored password was refused: dropped");
      await this.#secrets.delete(this.#secretKey);
    }
  }

  /** Stores what was accepted and is to be remembered. */
  async store(): Promise<void> {
    if (this.#toRemember !== undefined) {
      await this.#secrets.set(this.#secretKey, this.#toRemember);
      this.#toRemember = undefined;
    }
  }
}
