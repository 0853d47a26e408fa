import type { HostConfig } from "../config/hostConfig.ts";

/**
 * The configuration by which a login judges the server's key. One that may ask nobody asks nothing about host keys
 * either: for them, BatchMode is exactly that (ssh_config(5)). For the login itself it would also switch passwords off,
 * so that it gets the configuration as it is.
 */
export function hostKeyConfig(config: HostConfig, allowPrompts: boolean): HostConfig {
  return allowPrompts ? config : { ...config, batchMode: true };
}
