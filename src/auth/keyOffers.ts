import { CancelledError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { addToAgent } from "./agent/addToAgent.ts";
import { agentPath } from "./agent/agentPath.ts";
import { KeyFileError } from "./authErrors.ts";
import type {
  AgentClient,
  AuthAttempt,
  AuthPrompter,
  AuthTarget,
  KeyReader,
  SessionBinding,
  SigningKey,
} from "./authPorts.ts";
import { collectIdentities, type Identity } from "./identities.ts";
import type { KeyRing } from "./keys/keyRing.ts";
import { type SecurityKeyPrompts, signWithSecurityKey } from "./securityKeys/securityKeyAgent.ts";
import { requestAlgorithm } from "./signatureAlgorithms.ts";

export interface KeyOffersOptions {
  readonly config: HostConfig;
  readonly prompter: Pick<AuthPrompter, "passphrase" | "pin" | "addToAgent">;
  readonly agent: AgentClient;
  readonly reader: KeyReader;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  /** Cancels the login. */
  readonly signal: AbortSignal;
  readonly pause: <T>(work: () => Promise<T>) => Promise<T>;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly target: AuthTarget;
  /** Prompts for a passphrase are allowed. */
  readonly mayAsk: boolean;
}

/** Reports about the keys to the login. */
export interface KeyOffersListener {
  tried(what: string): void;
  /** A key can't be offered although it should be, with the reason as text. */
  problem(text: string): void;
  signed(key: SigningKey): void;
  /** Runs a step of which the login must know whether it was cancelled. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** The keys of one login, one attempt at a time. No key is offered twice. */
export class KeyOffers {
  readonly #options: KeyOffersOptions;
  readonly #listener: KeyOffersListener;
  #identities: Identity[] | undefined;
  readonly #offered: Buffer[] = [];

  constructor(options: KeyOffersOptions, listener: KeyOffersListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /**
   * @param binding the server, for agents.
   * @param announced the server's `server-sig-algs`; undefined: it sent none.
   * @returns undefined when no key is left.
   * @throws CancelledError, the signal's reason.
   */
  async next(
    announced: readonly string[] | undefined,
    binding?: SessionBinding,
  ): Promise<AuthAttempt | undefined> {
    const { config, logger, pause } = this.#options;
    const listener = this.#listener;
    this.#identities ??= [...(await this.#collect(binding))];
    for (;;) {
      const identity = this.#identities.shift();
      if (identity === undefined) {
        return undefined;
      }
      const { origin } = identity;
      try {
        const key = await identity.open();
        // A file whose public key was unknown may hold a key that was already offered from the agent.
        if (this.#offered.some((other) => other.equals(key.publicKey))) {
          continue;
        }
        this.#offered.push(key.publicKey);
        const algorithm = requestAlgorithm(key.type, config.pubkeyAcceptedAlgorithms, announced);
        if (algorithm === undefined) {
          listener.problem(`${origin}: ${this.#whyNoAlgorithm(key.type)}`);
          continue;
        }
        logger.debug(`Offering ${origin} with ${algorithm}`);
        listener.tried(`publickey: ${origin}`);
        const sign = (data: Buffer, name: string): Promise<Buffer> =>
          listener.guard(() => pause(() => this.#sign(key, data, name)));
        return { method: "publickey", key: { ...key, sign }, algorithm, origin };
      } catch (error) {
        if (!KeyFileError.is(error)) {
          throw error;
        }
        listener.problem(error.message);
      }
    }
  }

  async #sign(key: SigningKey, data: Buffer, algorithm: string): Promise<Buffer> {
    const signature = await key.sign(data, algorithm);
    this.#listener.signed(key);
    return signature;
  }

  #whyNoAlgorithm(type: string): string {
    return requestAlgorithm(type, this.#options.config.pubkeyAcceptedAlgorithms, [type]) === undefined &&
      type === "ssh-rsa"
      ? "the server announces no RSA signature but SHA-1, which PubkeyAcceptedAlgorithms does not allow (+ssh-rsa does)"
      : `PubkeyAcceptedAlgorithms and the server leave no signature for a key of type ${printable(type, 80)}`;
  }

  #collect(binding: SessionBinding | undefined): Promise<readonly Identity[]> {
    const { config, agent, reader, keyRing, prompter, signal, pause, target, mayAsk, logger } = this.#options;
    const { env = process.env, platform = process.platform } = this.#options;
    const path = agentPath(config, env, platform);
    return collectIdentities({
      config,
      agent,
      agentPath: path,
      reader,
      binding,
      onUse: (file, key) =>
        addToAgent(file, key, {
          ...{ setting: config.addKeysToAgent, agent, path, logger, signal },
          ask: mayAsk ? async () => (await prompter.addToAgent?.(target, file, signal)) ?? false : undefined,
        }),
      securityKey: (file, publicKey) => (data, algorithm) =>
        signWithSecurityKey(
          {
            ...{ file, publicKey, agent, signal },
            provider: config.securityKeyProvider,
            prompts: this.#securityKeyPrompts(file),
          },
          data,
          algorithm,
        ),
      // Waiting for another login's prompt for the same file is waiting for the user, too.
      unlock: (file, publicKey) =>
        pause(() =>
          keyRing.unlock(file, {
            publicKey,
            attempts: config.numberOfPasswordPrompts,
            ask: mayAsk ? (attempt) => prompter.passphrase(target, file, attempt, signal) : undefined,
            signal,
          }),
        ),
      signal,
      logger,
      onProblem: (problem) => this.#listener.problem(problem),
    });
  }

  /** A dismissed prompt ends the login; if prompts are not allowed, only this key can't sign. */
  #securityKeyPrompts(file: string): SecurityKeyPrompts {
    const { prompter, target, mayAsk, signal } = this.#options;
    const answered = <T>(answer: T | undefined): T => {
      if (answer === undefined) {
        throw CancelledError.dismissed();
      }
      return answer;
    };
    return {
      passphrase: async (attempt) =>
        mayAsk ? answered(await prompter.passphrase(target, file, attempt, signal)).value : undefined,
      pin: async (attempt) =>
        mayAsk && prompter.pin !== undefined
          ? answered(await prompter.pin(target, file, attempt, signal))
          : undefined,
    };
  }
}
