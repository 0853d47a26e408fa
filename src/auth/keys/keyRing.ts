import { raceSignal } from "../../base/deadline.ts";
import { CancelledError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { KeyFileError } from "../authErrors.ts";
import type { KeyReader, PromptAnswer, SecretStore, SigningKey } from "../authPorts.ts";
import { dropSecret, passphraseSecret, tolerantSecrets } from "../secrets.ts";

export interface UnlockRequest {
  /** The public key, if known. */
  readonly publicKey: Buffer | undefined;
  /** Prompts for the passphrase; undefined when prompts are not allowed (BatchMode). */
  readonly ask: ((attempt: number) => Promise<PromptAnswer | undefined>) | undefined;
  /** How often the user may try. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

interface OpenKey {
  readonly passphrase: string;
  readonly key: SigningKey;
}

/**
 * Opens encrypted key files and caches the keys for its lifetime (one per window): the passphrase is asked for once
 * per file, even when several logins need it at the same time. Only the right passphrase is cached.
 */
export class KeyRing {
  readonly #reader: KeyReader;
  readonly #secrets: SecretStore;
  readonly #logger: Logger;
  readonly #open = new Map<string, OpenKey>();
  /** The last unlocking of each file, for which the next one waits. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(reader: KeyReader, secrets: SecretStore, logger: Logger) {
    this.#reader = reader;
    this.#secrets = tolerantSecrets(secrets, logger);
    this.#logger = logger;
  }

  /**
   * @throws KeyFileError `wrong-passphrase` when the user gave none or too many wrong ones, or other reasons when the
   *   file can't be used; CancelledError when the prompt was dismissed; the signal's reason.
   */
  async unlock(file: string, request: UnlockRequest): Promise<SigningKey> {
    const before = this.#turns.get(file) ?? Promise.resolve();
    const turn = raceSignal(before, request.signal).then(() => this.#unlockNow(file, request));
    // A caller that gives up must not let the next one in too early.
    const done = Promise.allSettled([before, turn]).then(() => {
      if (this.#turns.get(file) === done) {
        this.#turns.delete(file);
      }
    });
    this.#turns.set(file, done);
    return await turn;
  }

  /** The encrypted files whose passphrase is cached. */
  openFiles(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Forgets the passphrase of a file here, not in the secret store. @returns whether it was cached. */
  forget(file: string): boolean {
    return this.#open.delete(file);
  }

  async #unlockNow(file: string, request: UnlockRequest): Promise<SigningKey> {
    const open = this.#open.get(file);
    if (open !== undefined) {
      // The cached key, or a file that was replaced meanwhile, possibly with the same passphrase.
      if (request.publicKey?.equals(open.key.publicKey) === true) {
        return open.key;
      }
      const again = await this.#try(file, open.passphrase, request.signal);
      if (again !== undefined) {
        return again;
      }
      this.#open.delete(file);
    }
    const secret = passphraseSecret(file);
    const stored = await this.#secrets.get(secret);
    if (stored !== undefined) {
      const key = await this.#try(file, stored, request.signal);
      if (key !== undefined) {
        return key;
      }
      this.#logger.info(`The stored passphrase of ${file} is wrong: dropped`);
      await dropSecret(this.#secrets, secret, stored);
    }
    return await this.#askFor(file, request);
  }

  async #askFor(file: string, request: UnlockRequest): Promise<SigningKey> {
    if (request.ask === undefined) {
      throw new KeyFileError(
        "wrong-passphrase",
        file,
        `${file}: it needs a passphrase, and prompts are not allowed`,
      );
    }
    for (let attempt = 1; attempt <= request.attempts; attempt++) {
      const answer = await request.ask(attempt);
      if (answer === undefined) {
        throw CancelledError.dismissed();
      }
      request.signal.throwIfAborted();
      if (answer.value === "") {
        throw new KeyFileError("wrong-passphrase", file, `${file}: no passphrase was given`);
      }
      const key = await this.#try(file, answer.value, request.signal);
      if (key !== undefined) {
        if (answer.remember) {
          await this.#secrets.set(passphraseSecret(file), answer.value);
        }
        return key;
      }
    }
    throw new KeyFileError(
      "wrong-passphrase",
      file,
      `${file}: the passphrase was wrong ${request.attempts} times`,
    );
  }

  /** Opens and caches the key; undefined when the passphrase is wrong. */
  async #try(file: string, passphrase: string, signal: AbortSignal): Promise<SigningKey | undefined> {
    try {
      const read = await this.#reader.read(file, passphrase, signal);
      if (read.kind !== "ready") {
        throw new KeyFileError("malformed", file, `${file}: it is no private key any more`);
      }
      this.#open.set(file, { passphrase, key: read.key });
      return read.key;
    } catch (error) {
      if (KeyFileError.is(error) && error.reason === "wrong-passphrase") {
        return undefined;
      }
      throw error;
    }
  }
}
