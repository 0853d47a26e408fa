import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec, type HostSpec } from "../config/hostSpec.ts";

export interface HostSpelling {
  readonly spec: HostSpec;
  /** Resolves to the configuration of `spec`. */
  readonly text: string;
}

/**
 * Other spellings of a host that a user may type: with its user, with its port, and by its HostName. The caller
 * resolves each of them.
 */
export function hostSpellings(typed: HostSpec, config: HostConfig): readonly HostSpelling[] {
  const { user, port } = config;
  const specs = [...new Set([typed.alias, config.hostName])].flatMap((alias): HostSpec[] => [
    { alias },
    { alias, user },
    { alias, port },
    { alias, user, port },
  ]);
  return specs.map((spec) => ({ spec, text: formatHostSpec(spec) }));
}

/** The keywords that decide where `ssh` connects. */
const destinationKeywords = ["hostname", "user", "port"];

/**
 * Whether a client of the connection can do everything that a plain `ssh` would do.
 * @param shared the configuration that the connection was made with
 * @param hasAgents sessions on it can have agent forwarding
 */
export function isServable(config: HostConfig, shared: HostConfig, hasAgents = true): boolean {
  // The real ssh does not know our settings, so it would connect to another destination.
  const isOurs = destinationKeywords.some((keyword) => {
    const kind = config.sources.get(keyword)?.kind;
    return kind === "setting" || kind === "hostSetting";
  });
  const hasAgent =
    config.forwardAgent === false || (hasAgents && config.forwardAgent === shared.forwardAgent);
  const is = (keyword: string, value: string): boolean => config.values.get(keyword)?.[0] === value;
  const isPlain = !is("forwardx11", "yes") && (is("tunnel", "false") || !config.values.has("tunnel"));
  return !isOurs && hasAgent && isPlain;
}
