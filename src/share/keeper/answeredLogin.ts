import type { AuthAttempt } from "../../auth/authPorts.ts";
import type { ConnectionUse } from "../../config/connectionPolicy.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { field } from "../../engine/keeper/keeperJson.ts";
import type { KeeperSocket } from "../../engine/keeper/keeperSocket.ts";
import type {
  AnswerCall,
  BeginCall,
  ChangeCall,
  HopCall,
  KeysCall,
  NextCall,
  NextReply,
  RelayedAttempt,
  ResolvedHop,
  SignCall,
  VerifyCall,
} from "../../engine/keeper/loginMessages.ts";
import type {
  HopResolver,
  JoinEvents,
  LoginFactory,
  LoginOptions,
  MasterPolicies,
} from "../../master/masterPorts.ts";
import { whileAsking } from "../../master/openQuestions.ts";

export interface AnsweredLoginInit {
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
  /** @throws an error that refuses the hop */
  readonly resolveHop: HopResolver;
  readonly use: ConnectionUse;
  /** See LoginOptions, for the host itself. */
  readonly canOtherEngine: LoginOptions["canOtherEngine"];
  readonly signal: AbortSignal;
  /** See JoinEvents. */
  readonly onWait?: JoinEvents["onWait"] | undefined;
}

interface Login {
  readonly parts: ReturnType<LoginFactory>;
  attempt: AuthAttempt | undefined;
}

/** Answers the keeper's questions of one connection: it logs in with this window's keys, files and user. */
export function answerLogin(socket: KeeperSocket, init: AnsweredLoginInit): void {
  const hosts: HostConfig[] = [init.use.config];
  const logins = new Map<number, Login>();
  const loginOf = (args: unknown): Login => {
    const login = logins.get(Number(field(args, "login")));
    if (login === undefined) {
      throw new Error("There is no such login");
    }
    return login;
  };
  socket.handle("hop", async (args, signal) => {
    const { hop, before } = args as HopCall;
    const config = await init.resolveHop(hop, before, signal);
    const host = hosts.push(config) - 1;
    const { folder } = init.use;
    return { host, config: sent(config), policy: init.policies([{ config, folder }]) } satisfies ResolvedHop;
  });
  socket.handle("environment", async () => ({ ...process.env }));
  socket.handle("begin", async (args) => {
    const { login, host, allowPrompts } = args as BeginCall;
    const config = hosts[host] ?? init.use.config;
    // The keeper's deadline is the one that pauses.
    const parts = init.login(config, {
      ...{ allowPrompts, signal: init.signal },
      pause: (work) => whileAsking(init.onWait, work),
      ...(host === 0 && init.canOtherEngine && { canOtherEngine: init.canOtherEngine }),
    });
    logins.set(login, { parts, attempt: undefined });
  });
  socket.handle(
    "preferredAlgorithms",
    async (args) => await loginOf(args).parts.verifier.preferredAlgorithms(),
  );
  socket.handle("verify", async (args, signal) => {
    const { key, address } = args as VerifyCall;
    await loginOf(args).parts.verifier.verify(key, address, signal);
  });
  socket.handle("announced", async (args, signal) => {
    const { login, keys } = args as KeysCall;
    await loginOf(args).parts.verifier.announced?.(
      {
        keys,
        prove: async (asked, during) => {
          const call: KeysCall = { login, keys: asked };
          return (await socket.call("prove", call, during)) === true;
        },
      },
      signal,
    );
  });
  socket.handle("next", async (args) => {
    const { methodsLeft, partialSuccess, signatureAlgorithms, binding } = args as NextCall;
    const login = loginOf(args);
    const { authenticator } = login.parts;
    login.attempt = await authenticator.next(methodsLeft, partialSuccess, signatureAlgorithms, binding);
    return {
      attempt: login.attempt && relayed(login.attempt),
      tried: authenticator.tried(),
      problems: authenticator.problems(),
    } satisfies NextReply;
  });
  socket.handle("sign", async (args) => {
    const { data, algorithm } = args as SignCall;
    const { attempt } = loginOf(args);
    return attempt?.method === "publickey" ? await attempt.key.sign(data, algorithm) : undefined;
  });
  socket.handle("change", async (args, signal) => {
    const { text } = args as ChangeCall;
    const { attempt } = loginOf(args);
    return attempt?.method === "password" ? await attempt.change?.(text, signal) : undefined;
  });
  socket.handle("answer", async (args, signal) => {
    const { request } = args as AnswerCall;
    const { attempt } = loginOf(args);
    return attempt?.method === "keyboard-interactive" ? await attempt.answer(request, signal) : undefined;
  });
  socket.handle("succeeded", async (args) => await loginOf(args).parts.authenticator.succeeded());
  socket.onNote("failed", (args) => logins.get(Number(field(args, "login")))?.parts.authenticator.failed());
}

/** The keeper's own environment is not that of the window. */
export function sent(config: HostConfig, env: NodeJS.ProcessEnv = process.env): HostConfig {
  const agent = env["SSH_AUTH_SOCK"];
  const { identityAgent = "SSH_AUTH_SOCK" } = config;
  return identityAgent === "SSH_AUTH_SOCK" && agent !== undefined && agent !== ""
    ? { ...config, identityAgent: agent }
    : config;
}

function relayed(attempt: AuthAttempt): RelayedAttempt {
  switch (attempt.method) {
    case "none":
      return attempt;
    case "publickey": {
      const { publicKey, type, comment } = attempt.key;
      const { algorithm, origin } = attempt;
      return { method: "publickey", key: { publicKey, type, comment }, algorithm, origin };
    }
    case "password":
      return { method: "password", password: attempt.password, mayChange: attempt.change !== undefined };
    case "keyboard-interactive":
      return { method: "keyboard-interactive" };
  }
}
