import type { HostConfig } from "../config/hostConfig.ts";
import { matchPattern } from "../config/patterns.ts";

/**
 * The environment to request: local variables whose names match SendEnv (`*` and `?` patterns; `-pattern` removes
 * earlier ones), then SetEnv, then the caller's. Servers accept what their AcceptEnv names.
 */
export function sessionEnvironment(
  config: Pick<HostConfig, "sendEnv" | "setEnv">,
  local: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set<string>();
  for (const pattern of config.sendEnv) {
    const removes = pattern.startsWith("-");
    const wanted = removes ? pattern.slice(1) : pattern;
    for (const name of removes ? [...names] : Object.keys(local)) {
      if (matchPattern(name, wanted)) {
        if (removes) {
          names.delete(name);
        } else {
          names.add(name);
        }
      }
    }
  }
  const environment: Record<string, string> = {};
  for (const name of names) {
    const value = local[name];
    if (value !== undefined) {
      environment[name] = value;
    }
  }
  return { ...environment, ...config.setEnv, ...extra };
}
