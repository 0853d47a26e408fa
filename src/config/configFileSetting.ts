import { resolve } from "node:path";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import type { SettingsPort } from "./configPorts.ts";
import { expandTilde } from "./tokens.ts";

/** The setting `sshSessions.configFile` as `ssh -F` takes it; empty: OpenSSH's defaults. */
export function configFileOf(
  settings: Pick<SettingsPort, "configFile">,
  { homedir, homeOf }: Pick<ConfigEnvironment, "homedir" | "homeOf">,
): string {
  const file = expandTilde(settings.configFile.trim(), homedir, homeOf);
  // A relative path starts at the home folder, not in the current folder of the extension host.
  return file === "" || file.toLowerCase() === "none" ? file : resolve(homedir, file);
}
