import { homedir } from "node:os";
import { posix, win32 } from "node:path";
import type { HostConfig } from "../../config/hostConfig.ts";

/** Where Windows' own OpenSSH agent listens. */
const windowsAgentPipe = "\\\\.\\pipe\\openssh-ssh-agent";

/**
 * The agent for a host (ssh_config(5), IdentityAgent): a path, `SSH_AUTH_SOCK`, `$NAME` of an environment variable,
 * or `none`. Undefined: there is none. A relative path starts at the home folder: the extension host may run in a
 * workspace folder, which must not provide the agent.
 */
export function agentPath(
  config: Pick<HostConfig, "identityAgent">,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string = homedir(),
): string | undefined {
  const path = namedAgent(config, env, platform);
  const { isAbsolute, join } = platform === "win32" ? win32 : posix;
  return path === undefined || path === "pageant" || isAbsolute(path) ? path : join(home, path);
}

function namedAgent(
  config: Pick<HostConfig, "identityAgent">,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  const fromEnvironment = (name: string): string | undefined => env[name] || undefined;
  const { identityAgent } = config;
  if (identityAgent === undefined || identityAgent === "SSH_AUTH_SOCK") {
    return fromEnvironment("SSH_AUTH_SOCK") ?? (platform === "win32" ? windowsAgentPipe : undefined);
  }
  if (identityAgent.toLowerCase() === "none") {
    return undefined;
  }
  return identityAgent.startsWith("$")
    ? fromEnvironment(identityAgent.slice(1).replace(/^\{(.*)\}$/, "$1"))
    : identityAgent;
}
