/**
 * Ports by which authentication reaches prompts, secrets and keys. Implemented in `src/vscode/` and
 * `src/engine/ssh2/`.
 */

/** The login that a prompt is for. */
export interface AuthTarget {
  readonly alias: string;
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

/** What the user typed. `remember`: store it in the secret store. */
export interface PromptAnswer {
  readonly value: string;
  readonly remember: boolean;
}

/** A server that accepts a password only together with a new one (RFC 4252 section 8). */
export interface PasswordChangeRequest {
  /** The server's message, such as its rules for passwords. Untrusted. */
  readonly text: string;
  /** Above 1: the server refused the last new password. */
  readonly attempt: number;
}

export interface PasswordChange {
  readonly oldPassword: string;
  readonly newPassword: string;
  /** The user asked to store the new password in the secret store. */
  readonly remember: boolean;
}

/**
 * Prompts. Each method resolves to undefined when the user dismisses the prompt. Texts from the server are untrusted.
 */
export interface AuthPrompter {
  password(target: AuthTarget, attempt: number, signal: AbortSignal): Promise<PromptAnswer | undefined>;
  passphrase(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<PromptAnswer | undefined>;
  /** Whether the key of a file may be added to the agent (AddKeysToAgent ask). Absent: no. */
  addToAgent?(target: AuthTarget, keyFile: string, signal: AbortSignal): Promise<boolean>;
  /** The PIN of the security key that a file belongs to, or of a token by its label. Absent: prompts are not allowed. */
  pin?(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Asks for the old password, and twice for the new one. */
  changePassword(
    target: AuthTarget,
    request: PasswordChangeRequest,
    signal: AbortSignal,
  ): Promise<PasswordChange | undefined>;
  /** One round of RFC 4256. One answer per prompt. */
  keyboardInteractive(
    target: AuthTarget,
    request: KeyboardInteractiveRequest,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined>;
}

export interface KeyboardInteractiveRequest {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly prompt: string; readonly echo: boolean }[];
}

/** Stores secrets between sessions (VS Code's SecretStorage). Values never reach a log. */
export interface SecretStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * The server of a login, as proven in the first key exchange. An agent needs it for keys that are restricted to some
 * hosts (`ssh-add -h`; OpenSSH's PROTOCOL.agent, section 1).
 */
export interface SessionBinding {
  /** K_S as received: a certificate if the server sent one. */
  readonly hostKey: Buffer;
  /** RFC 4253 section 7.2. */
  readonly sessionId: Buffer;
  /** The server's signature in that exchange. */
  readonly signature: Buffer;
}

/** A public key that can sign: a key of an agent, or a decrypted private key. */
export interface SigningKey {
  /** SSH wire format (RFC 4253 section 6.6). */
  readonly publicKey: Buffer;
  /** `ssh-ed25519`, `rsa-sha2-512`'s key type is `ssh-rsa`. */
  readonly type: string;
  readonly comment: string;
  /**
   * May prompt for a passphrase first, so call it only after the server has accepted the key (RFC 4252 section 7,
   * SSH_MSG_USERAUTH_PK_OK). `algorithm`: that of the request, see `requestAlgorithm`.
   *
   * Resolves to the signature as the request carries it (RFC 4253 section 6.6): string algorithm, string bytes, with
   * ECDSA's bytes being mpint r, mpint s. Security keys add a byte of flags and a counter (PROTOCOL.u2f).
   *
   * @throws KeyFileError, AgentError, CancelledError when the user dismissed the prompt: the key is not usable after
   *   all.
   */
  sign(data: Buffer, algorithm: string): Promise<Buffer>;
  /**
   * Type and private fields in an agent's format (section 3.2 of its draft). Absent: the private key is not in this
   * process.
   */
  forAgent?(): Buffer;
}

/** Talks to an ssh-agent (draft-ietf-sshm-ssh-agent). */
export interface AgentClient {
  /**
   * All keys of the agent, including unsupported types. They are usable while the agent holds them.
   *
   * @param path Unix socket or Windows named pipe.
   * @param binding the server that they are for: the agent leaves out keys for other hosts.
   * @throws AgentError, or the signal's reason.
   */
  list(path: string, signal: AbortSignal, binding?: SessionBinding): Promise<readonly SigningKey[]>;
  /**
   * Adds a private key.
   * @param key as returned by `SigningKey.forAgent`.
   * @throws AgentError, or the signal's reason.
   */
  add?(
    path: string,
    key: { readonly key: Buffer; readonly comment: string },
    constraints: { readonly lifetime?: number; readonly confirm?: boolean },
    signal: AbortSignal,
  ): Promise<void>;
}

export type PrivateKeyFile =
  | { readonly kind: "ready"; readonly key: SigningKey }
  /**
   * The public key is known when the file format stores it unencrypted (OpenSSH) or a `.pub` file exists beside it.
   */
  | { readonly kind: "encrypted"; readonly publicKey?: Buffer }
  /**
   * The private key is on a FIDO security key, to which the file refers (PROTOCOL.u2f). The file may be encrypted.
   */
  | { readonly kind: "security-key"; readonly publicKey: Buffer }
  /** Only the public key: it names a key that an agent may hold. */
  | { readonly kind: "public"; readonly publicKey: Buffer };

/** Reads private key files. Decryption runs in a worker thread (bcrypt-pbkdf takes seconds). */
export interface KeyReader {
  /**
   * @param signal cancels a decryption.
   * @throws KeyFileError with a reason: missing, unreadable, permissions, unsupported, malformed, wrong-passphrase;
   *   the signal's reason.
   */
  read(file: string, passphrase?: string, signal?: AbortSignal): Promise<PrivateKeyFile>;
}

/** The next attempt, in the terms of RFC 4252. */
export type AuthAttempt =
  | { readonly method: "none" }
  | {
      readonly method: "publickey";
      readonly key: SigningKey;
      /** The algorithm of the request: see `requestAlgorithm`. */
      readonly algorithm: string;
      readonly origin: string;
    }
  | {
      readonly method: "password";
      readonly password: string;
      /**
       * Called when the server requires a new password; `signal` aborts when the attempt is over. Absent: it can't be
       * changed here. Rejects with AuthError `password-expired` when prompts are not allowed, or CancelledError.
       */
      change?(text: string, signal: AbortSignal): Promise<Omit<PasswordChange, "remember">>;
    }
  | {
      readonly method: "keyboard-interactive";
      /**
       * Called once per round; undefined cancels the login. `signal` aborts when the attempt is over, for example
       * when the server decides without waiting for the answer.
       */
      answer(
        request: KeyboardInteractiveRequest,
        signal: AbortSignal,
      ): Promise<readonly string[] | undefined>;
    };

/**
 * The dialogue of one login, independent of the engine: the engine asks for the next attempt, and reports the last
 * one's result by asking again.
 */
export interface Authenticator {
  /**
   * @param methodsLeft the methods that can continue, by the server's reply; undefined before its first reply.
   * @param partialSuccess the last attempt succeeded, and more is needed (RFC 4252 section 5.1).
   * @param signatureAlgorithms the server's `server-sig-algs` (RFC 8308); undefined: it sent none.
   * @param binding the server, for agents.
   * @returns the next attempt; undefined when nothing is left. Rejects with CancelledError when the user dismissed a
   *   prompt.
   *
   * A further call means that the server has explicitly refused the last attempt: only then is a stored secret of
   * that attempt deleted.
   */
  next(
    methodsLeft: readonly string[] | undefined,
    partialSuccess: boolean,
    signatureAlgorithms?: readonly string[],
    binding?: SessionBinding,
  ): Promise<AuthAttempt | undefined>;
  /** The login succeeded: secrets to be remembered are now stored. */
  succeeded(): Promise<void>;
  /** The login ended without success and without a refusal of the last attempt. Stored secrets are kept. */
  failed(): void;
  /** What was tried, as text for the error. */
  tried(): readonly string[];
  /** Keys that could not be used, with cause and remedy, as text for the error. */
  problems(): readonly string[];
}
