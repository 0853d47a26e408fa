/** How authentication reaches a person, secrets and keys. Implemented in `src/vscode/` and `src/engine/ssh2/`. */

/** Whose login it is, for prompts. */
export interface AuthTarget {
  readonly alias: string;
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

/** What a person typed. `remember`: he asked to keep it in the secret store. */
export interface PromptAnswer {
  readonly value: string;
  readonly remember: boolean;
}

/** A server that takes a password only together with a new one (RFC 4252 section 8). */
export interface PasswordChangeRequest {
  /** What the server says about it, such as its rules for passwords. Untrusted. */
  readonly text: string;
  /** Above 1: the server did not take the last new password. */
  readonly attempt: number;
}

export interface PasswordChange {
  readonly oldPassword: string;
  readonly newPassword: string;
  /** The person asked to keep the new one in the secret store. */
  readonly remember: boolean;
}

/** Asks the person. Each method resolves to undefined when he dismisses the prompt. Texts from the server are untrusted. */
export interface AuthPrompter {
  password(target: AuthTarget, attempt: number, signal: AbortSignal): Promise<PromptAnswer | undefined>;
  passphrase(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<PromptAnswer | undefined>;
  /** Whether the key of a file may be added to the agent (AddKeysToAgent ask). Absent: it may not. */
  addToAgent?(target: AuthTarget, keyFile: string, signal: AbortSignal): Promise<boolean>;
  /** The PIN of the security key that a file belongs to. Absent: nobody may be asked. */
  pin?(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** The old password, and twice the new one. */
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

/** Where secrets are kept between sessions (VS Code's SecretStorage). Values never reach a log. */
export interface SecretStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * Which server a login is for, as it has proven it in the first key exchange. An agent needs it for keys that may be used
 * for some hosts only (`ssh-add -h`; OpenSSH's PROTOCOL.agent, section 1).
 */
export interface SessionBinding {
  /** K_S, as it came: a certificate where the server showed one. */
  readonly hostKey: Buffer;
  /** RFC 4253 section 7.2. */
  readonly sessionId: Buffer;
  /** The server's, of that exchange. */
  readonly signature: Buffer;
}

/** A public key that can sign: one key of an agent, or a decrypted private key. */
export interface SigningKey {
  /** SSH wire format (RFC 4253 section 6.6). */
  readonly publicKey: Buffer;
  /** `ssh-ed25519`, `rsa-sha2-512`'s key type is `ssh-rsa`. */
  readonly type: string;
  readonly comment: string;
  /**
   * May ask for a passphrase first, so call it only when the server has said that it takes the key (RFC 4252 section
   * 7, SSH_MSG_USERAUTH_PK_OK). `algorithm`: that of the request, see `requestAlgorithm`.
   *
   * Resolves to the signature as the request carries it (RFC 4253 section 6.6): string algorithm, string bytes, with
   * ECDSA's bytes being mpint r, mpint s. Security keys add a byte of flags and a counter (PROTOCOL.u2f).
   *
   * @throws KeyFileError, AgentError, CancelledError when the person dismissed the prompt: not usable after all.
   */
  sign(data: Buffer, algorithm: string): Promise<Buffer>;
  /** Type and private fields, as an agent takes them (section 3.2 of its draft). Absent: the private half is elsewhere. */
  forAgent?(): Buffer;
}

/** Talks to an ssh-agent (draft-ietf-sshm-ssh-agent). */
export interface AgentClient {
  /**
   * All keys of the agent, also of types that we can't use. They stay usable while the agent holds them.
   *
   * @param path Unix socket or Windows named pipe.
   * @param binding the server that they are for: keys for other hosts are left out by the agent.
   * @throws AgentError, or the signal's reason.
   */
  list(path: string, signal: AbortSignal, binding?: SessionBinding): Promise<readonly SigningKey[]>;
  /**
   * Adds a private key. @param key as `SigningKey.forAgent` gives it.
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
  /** The public half is known when the file format stores it in clear (OpenSSH) or a `.pub` file stands beside it. */
  | { readonly kind: "encrypted"; readonly publicKey?: Buffer }
  /** The private half is on a FIDO security key: the file leads to it (PROTOCOL.u2f). It may be encrypted, too. */
  | { readonly kind: "security-key"; readonly publicKey: Buffer }
  /** Only the public half is here: it names a key that an agent may hold. */
  | { readonly kind: "public"; readonly publicKey: Buffer };

/** Reads private key files. Decryption runs in a worker thread (bcrypt-pbkdf takes seconds). */
export interface KeyReader {
  /**
   * @param signal gives a decryption up.
   * @throws KeyFileError with a reason: missing, unreadable, permissions, unsupported, malformed, wrong-passphrase; the
   * signal's reason.
   */
  read(file: string, passphrase?: string, signal?: AbortSignal): Promise<PrivateKeyFile>;
}

/** One thing to try next, in the words of RFC 4252. */
export type AuthAttempt =
  | { readonly method: "none" }
  | {
      readonly method: "publickey";
      readonly key: SigningKey;
      /** Of the request: see `requestAlgorithm`. */
      readonly algorithm: string;
      readonly origin: string;
    }
  | {
      readonly method: "password";
      readonly password: string;
      /**
       * Called when the server wants a new password; `signal` aborts when the attempt is over. Absent: it can't be
       * changed here. Rejects with AuthError `password-expired` when nobody may be asked, or CancelledError.
       */
      change?(text: string, signal: AbortSignal): Promise<Omit<PasswordChange, "remember">>;
    }
  | {
      readonly method: "keyboard-interactive";
      /**
       * Called once per round; undefined cancels the login. `signal` aborts when the attempt is over, as when the
       * server decides without waiting for the answer.
       */
      answer(
        request: KeyboardInteractiveRequest,
        signal: AbortSignal,
      ): Promise<readonly string[] | undefined>;
    };

/**
 * One login's dialogue, engine-neutral: the engine asks for the next attempt, and says how it went by asking again.
 */
export interface Authenticator {
  /**
   * @param methodsLeft what the server says can continue; undefined before its first answer.
   * @param partialSuccess the last attempt was right, more is needed (RFC 4252 section 5.1).
   * @param signatureAlgorithms the server's `server-sig-algs` (RFC 8308); undefined: it sent none.
   * @param binding which server it is, for agents.
   * @returns the next attempt; undefined when nothing is left. Rejects with CancelledError when the person dismissed a prompt.
   *
   * Called again, it means that the server has refused the last attempt in so many words: only then is a stored secret
   * of that attempt dropped.
   */
  next(
    methodsLeft: readonly string[] | undefined,
    partialSuccess: boolean,
    signatureAlgorithms?: readonly string[],
    binding?: SessionBinding,
  ): Promise<AuthAttempt | undefined>;
  /** The login worked: secrets that were to be remembered are now stored. */
  succeeded(): Promise<void>;
  /** The login ended without success and without a refusal of the last attempt, for whatever reason. Stored secrets stay. */
  failed(): void;
  /** What was tried, in words, for the error. */
  tried(): readonly string[];
  /** Keys that could not be used, each with cause and remedy, in words, for the error. */
  problems(): readonly string[];
}
