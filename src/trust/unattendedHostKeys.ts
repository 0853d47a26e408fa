import type { HostConfig } from "../config/hostConfig.ts";

/**
 * The configuration for judging the server's key. A login without prompts must not ask about host keys either, which
 * BatchMode provides (ssh_config(5)). For the login itself BatchMode would also disable passwords, so the login uses
 * the unchanged configuration.
 */
export function hostKeyConfig(config: HostConfig, allowPrompts: boolean): HostConfig {
  return allowPrompts ? config : { ...config, batchMode: true };
}
