import { AgentError, KeyFileError, type KeyFileErrorReason } from "../../src/auth/authErrors.ts";
import { type AuthenticatorOptions, createAuthenticator } from "../../src/auth/authenticator.ts";
import type {
  AgentClient,
  AuthAttempt,
  Authenticator,
  AuthPrompter,
  KeyboardInteractiveRequest,
  KeyReader,
  PasswordChange,
  PasswordChangeRequest,
  PrivateKeyFile,
  PromptAnswer,
  SecretStore,
  SigningKey,
} from "../../src/auth/authPorts.ts";
import { KeyRing } from "../../src/auth/keys/keyRing.ts";
import { LoginNeeds } from "../../src/auth/loginNeeds.ts";
import { CancelledError } from "../../src/base/errors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { testHostConfig } from "./hostConfigs.ts";
import { ManualClock } from "./manualClock.ts";
import { ed25519Blob } from "./publicKeys.ts";
import { RecordingLogger } from "./recordingLogger.ts";
import { shownSoFar } from "./shownSoFar.ts";

/** A key that signs with its own number. */
export function fakeKey(seed: number, comment = `key ${seed}`, type = "ssh-ed25519"): SigningKey {
  return {
    publicKey: ed25519Blob(seed),
    type,
    comment,
    sign: async () => Buffer.from([seed]),
  };
}

export class MemorySecrets implements SecretStore {
  readonly values = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.values.get(key);
  }
  async set(key: string, value: string): Promise<void> {
    this.values.set(key, value);
  }
  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }
}

type FakeFile =
  | { readonly key: SigningKey; readonly passphrase?: string; readonly hidden?: boolean }
  | { readonly publicKey: Buffer }
  | { readonly fails: KeyFileErrorReason };

export class FakeReader implements KeyReader {
  readonly files = new Map<string, FakeFile>();
  decryptions = 0;

  async read(file: string, passphrase?: string): Promise<PrivateKeyFile> {
    const found = this.files.get(file) ?? { fails: "missing" };
    if ("fails" in found) {
      throw new KeyFileError(found.fails, file, `${file}: ${found.fails}`);
    }
    if ("publicKey" in found) {
      return { kind: "public", publicKey: found.publicKey };
    }
    if (found.passphrase === undefined) {
      return { kind: "ready", key: found.key };
    }
    if (passphrase === undefined) {
      return { kind: "encrypted", ...(found.hidden ? {} : { publicKey: found.key.publicKey }) };
    }
    this.decryptions++;
    if (passphrase !== found.passphrase) {
      throw new KeyFileError("wrong-passphrase", file, `${file}: wrong-passphrase`);
    }
    return { kind: "ready", key: found.key };
  }
}

export class FakeAgent implements AgentClient {
  keys: SigningKey[] = [];
  fails = false;
  readonly paths: string[] = [];

  async list(path: string): Promise<readonly SigningKey[]> {
    this.paths.push(path);
    if (this.fails) {
      throw new AgentError("unreachable", "nobody there");
    }
    return this.keys;
  }
}

/** Answers from a list; missing answers count as dismissed. */
export class FakePrompter implements AuthPrompter {
  readonly asked: string[] = [];
  passwords: (string | PromptAnswer)[] = [];
  passphrases: (string | PromptAnswer)[] = [];
  rounds: (readonly string[])[] = [];
  changes: PasswordChange[] = [];

  #ask(question: string): void {
    shownSoFar.questions++;
    this.asked.push(question);
  }

  async password(_target: unknown, attempt: number): Promise<PromptAnswer | undefined> {
    this.#ask(`password ${attempt}`);
    return asAnswer(this.passwords.shift());
  }
  async passphrase(_target: unknown, file: string, attempt: number): Promise<PromptAnswer | undefined> {
    this.#ask(`passphrase ${file} ${attempt}`);
    return asAnswer(this.passphrases.shift());
  }
  async changePassword(
    _target: unknown,
    request: PasswordChangeRequest,
  ): Promise<PasswordChange | undefined> {
    this.#ask(`change ${request.attempt}: ${request.text}`);
    return this.changes.shift();
  }
  async keyboardInteractive(
    _target: unknown,
    request: KeyboardInteractiveRequest,
  ): Promise<readonly string[] | undefined> {
    this.#ask(request.prompts.map(({ prompt }) => prompt).join("|"));
    return this.rounds.shift();
  }
}

function asAnswer(value: string | PromptAnswer | undefined): PromptAnswer | undefined {
  return typeof value === "string" ? { value, remember: false } : value;
}

export function setUp(
  changes: Partial<HostConfig> = {},
  options: Pick<AuthenticatorOptions, "canOtherEngine"> = {},
) {
  const secrets = new MemorySecrets();
  const reader = new FakeReader();
  const agent = new FakeAgent();
  const prompter = new FakePrompter();
  const logger = new RecordingLogger();
  const keyRing = new KeyRing(reader, secrets, logger);
  const abort = new AbortController();
  const config = testHostConfig(changes);
  const counts = { pauses: 0 };
  const needs = new LoginNeeds();
  const clock = new ManualClock();
  const start = (more: { readonly allowPrompts?: boolean } = {}): Authenticator =>
    createAuthenticator({
      ...more,
      ...options,
      config,
      prompter,
      secrets,
      agent,
      reader,
      keyRing,
      needs,
      clock,
      logger,
      signal: abort.signal,
      pause: (work) => {
        counts.pauses++;
        return work();
      },
      env: { SSH_AUTH_SOCK: "/agent" },
      platform: "linux",
    });
  return { secrets, reader, agent, prompter, logger, keyRing, abort, config, counts, needs, clock, start };
}

/** A server's reply to one attempt. */
export type Verdict = "success" | { readonly methodsLeft: readonly string[]; readonly partial?: boolean };

export interface Outcome {
  readonly result: "success" | "nothing left" | "cancelled";
  /** In the order in which the server saw them. */
  readonly log: readonly string[];
}

/**
 * Drives an authenticator as an engine does. `server` judges attempts, described as `none`, `key 3`, `password x`,
 * `kbdint a,b` (answers of all rounds); `rounds` are the server's questions per keyboard-interactive attempt. A key
 * signs only when the server accepts it.
 */
export async function login(
  authenticator: Authenticator,
  server: (attempt: string) => Verdict,
  rounds: readonly KeyboardInteractiveRequest[] = [],
): Promise<Outcome> {
  const log: string[] = [];
  let verdict: Exclude<Verdict, "success"> | undefined;
  for (;;) {
    let attempt: AuthAttempt | undefined;
    try {
      attempt = await authenticator.next(verdict?.methodsLeft, verdict?.partial ?? false, ["rsa-sha2-512"]);
    } catch (error) {
      if (CancelledError.is(error)) {
        return { result: "cancelled", log };
      }
      throw error;
    }
    if (attempt === undefined) {
      authenticator.failed();
      return { result: "nothing left", log };
    }
    const seen = await describeAttempt(attempt, rounds);
    log.push(seen);
    let judged = server(seen);
    const accepted = judged === "success" || judged.partial === true;
    if (attempt.method === "publickey" && accepted) {
      try {
        await attempt.key.sign(Buffer.from("session"), attempt.key.type);
      } catch {
        judged = verdict ?? { methodsLeft: ["publickey"] };
      }
    }
    if (judged === "success") {
      await authenticator.succeeded();
      return { result: "success", log };
    }
    verdict = judged;
  }
}

async function describeAttempt(
  attempt: AuthAttempt,
  rounds: readonly KeyboardInteractiveRequest[],
): Promise<string> {
  switch (attempt.method) {
    case "none":
      return "none";
    case "publickey":
      return `key ${attempt.key.publicKey.at(-1)}`;
    case "password":
      return `password ${attempt.password}`;
    case "keyboard-interactive": {
      const answers: string[] = [];
      for (const round of rounds) {
        const given = await attempt.answer(round, new AbortController().signal);
        if (given === undefined) {
          return "kbdint cancelled";
        }
        answers.push(...given);
      }
      return `kbdint ${answers.join(",")}`;
    }
  }
}
