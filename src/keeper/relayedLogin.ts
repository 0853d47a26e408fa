import type { AuthAttempt, Authenticator, SigningKey } from "../auth/authPorts.ts";
import type { ConnectionPolicy } from "../config/connectionPolicy.ts";
import type { HostConfig, JumpHop } from "../config/hostConfig.ts";
import { field } from "../engine/keeper/keeperJson.ts";
import type { KeeperSocket } from "../engine/keeper/keeperSocket.ts";
import type {
  AnswerCall,
  BeginCall,
  ChangeCall,
  HopCall,
  KeysCall,
  LoginCall,
  NextCall,
  NextReply,
  RelayedAttempt,
  ResolvedHop,
  SignCall,
  Tried,
  VerifyCall,
} from "../engine/keeper/loginMessages.ts";
import type { LoginFactory, LoginOptions } from "../master/masterPorts.ts";
import type { HostKeyAnnouncement, HostKeyVerifier } from "../trust/hostKeyPorts.ts";

/** The window that answers the questions of logins. */
export class AskingWindow {
  readonly #socket: KeeperSocket;
  readonly #hosts = new Map<HostConfig, number>();
  readonly #announced = new Map<number, HostKeyAnnouncement>();
  #nextLogin = 1;

  /** @param config of the host that it wants to connect to. */
  constructor(socket: KeeperSocket, config: HostConfig) {
    this.#socket = socket;
    this.#hosts.set(config, 0);
    socket.handle("prove", async (args, signal) => {
      const { login, keys } = args as KeysCall;
      return await this.#announced.get(login)?.prove(keys, signal);
    });
  }

  get isGone(): boolean {
    return this.#socket.isClosed;
  }

  async resolveHop(
    hop: JumpHop,
    before: readonly JumpHop[],
    signal: AbortSignal,
  ): Promise<{ readonly config: HostConfig; readonly policy: ConnectionPolicy }> {
    const call: HopCall = { hop, before };
    const { host, config, policy } = (await this.#socket.call("hop", call, signal)) as ResolvedHop;
    this.#hosts.set(config, host);
    return { config, policy };
  }

  /** For a program that the login needs. It is not kept: it may have secrets. */
  async environment(signal: AbortSignal): Promise<NodeJS.ProcessEnv> {
    return (await this.#socket.call("environment", undefined, signal)) as NodeJS.ProcessEnv;
  }

  login(config: HostConfig, options: LoginOptions): ReturnType<LoginFactory> {
    const login = this.#nextLogin++;
    const { allowPrompts, pause, signal } = options;
    const host = this.#hosts.get(config) ?? 0;
    const begin: BeginCall = { login, host, allowPrompts };
    // The window's user and files take the time that they take.
    const call = async (name: string, args: LoginCall, during = signal): Promise<unknown> =>
      await pause(() => this.#socket.call(name, args, during));
    const begun = call("begin", begin);
    // Each later call reports it, too.
    begun.catch(() => {});
    return {
      verifier: this.#verifier(login, call, signal),
      authenticator: this.#authenticator(login, call),
    };
  }

  #verifier(login: number, call: Caller, gone: AbortSignal): HostKeyVerifier {
    return {
      preferredAlgorithms: async () => (await call("preferredAlgorithms", { login })) as readonly string[],
      verify: async (key, address, signal) => {
        const verify: VerifyCall = { login, key, address };
        await call("verify", verify, signal);
      },
      announced: async (announcement, signal) => {
        this.#announced.set(login, announcement);
        const keys: KeysCall = { login, keys: announcement.keys };
        // The login is over: nothing is paused any more. A window that has gone updates nothing.
        await this.#socket.call("announced", keys, gone.aborted ? undefined : signal).catch(() => {});
        this.#announced.delete(login);
      },
    };
  }

  #authenticator(login: number, call: Caller): Authenticator {
    let last: Tried = { tried: [], problems: [] };
    return {
      next: async (methodsLeft, partialSuccess, signatureAlgorithms, binding) => {
        const next: NextCall = { login, methodsLeft, partialSuccess, signatureAlgorithms, binding };
        const { attempt, tried, problems } = (await call("next", next)) as NextReply;
        // The attempt may have a password, which is not kept.
        last = { tried, problems };
        return attempt && attemptOf(login, attempt, call);
      },
      succeeded: async () => {
        await call("succeeded", { login });
      },
      failed: () => this.#socket.note("failed", { login }),
      tried: () => last.tried,
      problems: () => last.problems,
    };
  }
}

type Caller = (name: string, args: LoginCall, during?: AbortSignal) => Promise<unknown>;

function attemptOf(login: number, attempt: RelayedAttempt, call: Caller): AuthAttempt {
  switch (attempt.method) {
    case "none":
      return attempt;
    case "publickey": {
      const { key, algorithm, origin } = attempt;
      return { method: "publickey", key: relayedKey(login, key, call), algorithm, origin };
    }
    case "password": {
      const { password, mayChange } = attempt;
      const change: Extract<AuthAttempt, { method: "password" }>["change"] = async (text, signal) => {
        const asked: ChangeCall = { login, text };
        const reply = await call("change", asked, signal);
        return {
          oldPassword: String(field(reply, "oldPassword")),
          newPassword: String(field(reply, "newPassword")),
        };
      };
      return { method: "password", password, ...(mayChange && { change }) };
    }
    case "keyboard-interactive":
      return {
        method: "keyboard-interactive",
        answer: async (request, signal) => {
          const asked: AnswerCall = { login, request };
          return (await call("answer", asked, signal)) as readonly string[] | undefined;
        },
      };
  }
}

function relayedKey(
  login: number,
  key: Pick<SigningKey, "publicKey" | "type" | "comment">,
  call: Caller,
): SigningKey {
  return {
    ...key,
    sign: async (data, algorithm) => {
      const asked: SignCall = { login, data, algorithm };
      return (await call("sign", asked)) as Buffer;
    },
  };
}
