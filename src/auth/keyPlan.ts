import type { Logger } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { agentPath } from "./agent/agentPath.ts";
import { KeyFileError } from "./authErrors.ts";
import type { AgentClient, KeyReader } from "./authPorts.ts";
import { collectIdentities } from "./identities.ts";

/** The keys that a login would offer, in order, as `ssh -Z` of OpenSSH 10.5 lists them. It holds no secrets. */
export interface KeyPlan {
  /** The agent's socket. Undefined: no agent is asked. */
  readonly agent: string | undefined;
  /** A text for each key: the file, or the agent's comment. Untrusted. */
  readonly keys: readonly string[];
  /** Keys that can't be offered, with the reason, as text. Untrusted. */
  readonly problems: readonly string[];
}

export interface KeyPlanRequest {
  readonly config: HostConfig;
  readonly agent: AgentClient;
  readonly reader: KeyReader;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Asks the agent and reads the public parts of files. It never prompts and opens no encrypted key. */
export async function keyPlan(request: KeyPlanRequest): Promise<KeyPlan> {
  const { config, env, platform } = request;
  const path = agentPath(config, env, platform);
  if (!config.pubkeyAuthentication) {
    return { agent: path, keys: [], problems: [] };
  }
  const problems: string[] = [];
  const identities = await collectIdentities({
    ...{ config, agent: request.agent, agentPath: path, reader: request.reader },
    ...{ signal: request.signal, logger: request.logger },
    // Only `open` and `sign` need these, and no key is opened here.
    unlock: notOpened,
    securityKey: (file) => () => notOpened(file),
    onProblem: (problem) => problems.push(problem),
  });
  return { agent: path, keys: identities.map(({ origin }) => origin), problems };
}

function notOpened(file: string): Promise<never> {
  return Promise.reject(new KeyFileError("unreadable", file, `${file} is not opened to be listed`));
}
