import type { KeyPlan } from "../../auth/keyPlan.ts";
import type { HostResolver, SettingsFolder, SettingsPort } from "../../config/configPorts.ts";
import { resolveHop } from "../../config/hopResolver.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { type HostPolicies, policyKeys } from "../../config/hostPolicies.ts";
import { formatHostSpec } from "../../config/hostSpec.ts";
import type { ExplainedHop, HostExplanation } from "../../text/explainHost.ts";
import { userMessage } from "../../text/userMessages.ts";
import { expandHome } from "../../text/valueSourceText.ts";

export interface ExplanationSources {
  readonly resolver: Pick<HostResolver, "resolve">;
  readonly policies: Pick<HostPolicies, "get">;
  readonly settings: Pick<SettingsPort, "configFile">;
  readonly home: string;
  keyPlan(config: HostConfig, signal: AbortSignal): Promise<KeyPlan>;
}

/** More hops than any real chain has; a chain can lead back to itself. */
const mostHops = 16;

/** Keys that choose the destination: the document shows them among the values of ssh_config. */
const destinationKeys: ReadonlySet<string> = new Set(["hostName", "user", "port"]);

/**
 * Collects the contents of the document. No vscode.
 * @param folder whose settings apply; undefined: no folder's.
 * @throws ConfigError where the host itself can't be resolved, or the signal's reason
 */
export async function gatherExplanation(
  host: string,
  folder: SettingsFolder | undefined,
  sources: ExplanationSources,
  signal: AbortSignal,
): Promise<HostExplanation> {
  const { resolver, policies, settings, home } = sources;
  const config = await resolver.resolve(host, signal);
  const [hops, keys] = await Promise.all([
    explainHops(config, sources, signal),
    sources.keyPlan(config, signal),
  ]);
  return {
    ...{ host, config, hops, keys, home },
    policies: policyKeys
      .filter((key) => !destinationKeys.has(key))
      .map((key) => ({ key, ...policies.get(key, config, folder) })),
    configFile: expandHome(settings.configFile.trim(), home),
  };
}

/** The hops in connection order, with the first one's own jump hosts before it. */
async function explainHops(
  config: HostConfig,
  { resolver, home }: ExplanationSources,
  signal: AbortSignal,
): Promise<readonly ExplainedHop[]> {
  const hops: ExplainedHop[] = [];
  let current: HostConfig | undefined = config;
  while (current !== undefined && hops.length < mostHops) {
    const last: HostConfig["proxyJump"][number] | undefined = current.proxyJump.at(-1);
    if (last === undefined) {
      return hops;
    }
    const host = formatHostSpec(last);
    try {
      current = await resolveHop(resolver, last, current.proxyJump.slice(0, -1), signal);
      hops.unshift({ host, config: current });
    } catch (error) {
      signal.throwIfAborted();
      hops.unshift({ host, error: userMessage(error, host, home)?.text ?? "" });
      return hops;
    }
  }
  return hops;
}
