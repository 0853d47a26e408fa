import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec, type HostSpec } from "../config/hostSpec.ts";

export interface HostSpelling {
  readonly spec: HostSpec;
  /** Leads to the configuration of `spec` when it is resolved. */
  readonly text: string;
}

/** What else somebody may type for a host: with its user, its port, and by its name. Each is to be resolved. */
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

/** What decides where `ssh` connects. */
const destinationKeywords = ["hostname", "user", "port"];

/**
 * Whether a plain `ssh` would do what a client of the connection can do.
 * @param shared the configuration that the connection was made with.
 */
export function isServable(config: HostConfig, shared: HostConfig): boolean {
  // What only our settings say, the real ssh does not know: it would go elsewhere.
  const isOurs = destinationKeywords.some((keyword) => {
    const kind = config.sources.get(keyword)?.kind;
    return kind === "setting" || kind === "hostSetting";
  });
  const hasAgent = config.forwardAgent === false || config.forwardAgent === shared.forwardAgent;
  const is = (keyword: string, value: string): boolean => config.values.get(keyword)?.[0] === value;
  const isPlain = !is("forwardx11", "yes") && (is("tunnel", "false") || !config.values.has("tunnel"));
  return !isOurs && hasAgent && isPlain;
}
