import type { AuthAttempt } from "../../../src/auth/authPorts.ts";
import type { LoginAsker } from "../../../src/auth/loginAskerPorts.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import type { ConnectionEngine, ConnectRequest } from "../../../src/engine/connectionEngine.ts";
import { OpenSshEngine } from "../../../src/engine/openssh/openSshEngine.ts";
import { ScriptedAuthenticator } from "./logins.ts";

/**
 * The engine for a suite that lists the login attempts: its keys become IdentityFile, its passwords and answers
 * become replies of the askpass. It reads no file of this machine.
 */
export function openSshForContract(): ConnectionEngine {
  const engine = new OpenSshEngine({ configFile: () => "none" });
  return {
    name: engine.name,
    transport: engine.transport,
    connect: (request, signal) => engine.connect(scripted(request), signal),
  };
}

function scripted(request: ConnectRequest): ConnectRequest {
  const { authenticator, config } = request;
  const attempts = authenticator instanceof ScriptedAuthenticator ? authenticator.attempts : [];
  const keys = attempts.flatMap((attempt) => (attempt.method === "publickey" ? [attempt.origin] : []));
  const methods = [...new Set(attempts.map(({ method }) => method).filter((method) => method !== "none"))];
  return {
    ...request,
    config: {
      ...config,
      identityFiles: keys,
      identityFilesAreDefault: false,
      // Each password is used once, as in the suite's authenticator.
      numberOfPasswordPrompts: Math.max(1, attempts.filter(({ method }) => method === "password").length),
      preferredAuthentications: methods.length === 0 ? ["publickey"] : methods,
      sources: new Map([...config.sources, ["preferredauthentications", { kind: "commandLine" }]]),
    },
    asker: new ScriptedAsker(attempts, request),
  };
}

class ScriptedAsker implements LoginAsker {
  readonly #attempts: AuthAttempt[];
  readonly #request: ConnectRequest;

  constructor(attempts: readonly AuthAttempt[], request: ConnectRequest) {
    this.#attempts = attempts.filter(
      ({ method }) => method === "password" || method === "keyboard-interactive",
    );
    this.#request = request;
  }

  begin(): void {}

  async answer(question: Parameters<LoginAsker["answer"]>[0], signal: AbortSignal): Promise<string> {
    const attempt = this.#attempts.shift();
    if (attempt?.method === "password") {
      return attempt.password;
    }
    if (attempt?.method === "keyboard-interactive") {
      const prompt = question.kind === "text" ? question.prompt.replace(/^\(.*?\) /, "") : "Password: ";
      const prompts = [{ prompt, echo: false }];
      const answers = await attempt.answer({ name: "", instructions: "", prompts }, signal);
      if (answers?.[0] !== undefined) {
        return answers[0];
      }
    }
    throw new CancelledError();
  }

  async succeeded(): Promise<void> {
    await this.#request.authenticator.succeeded();
  }
}
