import type { HostResolver } from "./configPorts.ts";
import type { HostConfig, JumpHop } from "./hostConfig.ts";
import { formatHostSpec } from "./hostSpec.ts";

/**
 * Resolves one hop of a ProxyJump.
 * @param before the hops in front of it. `ssh -J a,b c` connects to b with `-J a`: an explicit chain replaces b's own
 *   ProxyJump (ssh.c); the first hop keeps its own.
 * @throws ConfigError
 */
export async function resolveHop(
  resolver: Pick<HostResolver, "resolve">,
  hop: JumpHop,
  before: readonly JumpHop[],
  signal: AbortSignal,
): Promise<HostConfig> {
  // With user and port, so that the hop's own Match blocks and tokens see them.
  const config = await resolver.resolve(formatHostSpec(hop), signal);
  if (before.length === 0) {
    return config;
  }
  // ProxyJump and ProxyCommand exclude each other, and the explicit chain came first (readconf.c).
  const { proxyCommand: _replaced, ...others } = config;
  return { ...others, proxyJump: before };
}
