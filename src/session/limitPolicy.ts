import { globalTimeoutOf, sessionTimeoutFor } from "../config/channelTimeouts.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostConfig, ValueSource } from "../config/hostConfig.ts";
import type { HostPolicies, Sourced } from "../config/hostPolicies.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";
import type { SessionLimit } from "./sessionTypes.ts";

/**
 * The initial limits of a session: those of the request, otherwise those of the host; and ssh_config's
 * ChannelTimeout, which always applies. Limits of 0 are left out.
 */
export function limitsFor(
  policies: HostPolicies,
  config: HostConfig,
  request: Pick<OpenSessionRequest, "request" | "timeLimitSeconds" | "idleLimitSeconds">,
  folder: SettingsFolder | undefined,
): readonly SessionLimit[] {
  const asked = (seconds: number | undefined): Sourced<number> | undefined =>
    seconds === undefined ? undefined : { value: seconds, source: { kind: "commandLine" } };
  const time = asked(request.timeLimitSeconds) ?? policies.get("timeLimit", config, folder);
  const idle = asked(request.idleLimitSeconds) ?? policies.get("idleLimit", config, folder);
  const source: ValueSource = config.sources.get("channeltimeout") ?? { kind: "sshConfig" };
  const own = sessionTimeoutFor(config.channelTimeouts, request.request);
  const all = globalTimeoutOf(config.channelTimeouts);
  const limits: readonly SessionLimit[] = [
    { kind: "time", seconds: time.value, source: time.source },
    { kind: "idle", seconds: idle.value, source: idle.source },
    { kind: "channel-timeout", seconds: own?.seconds ?? 0, source },
    { kind: "global-timeout", seconds: all?.seconds ?? 0, source },
  ];
  return Object.freeze(limits.filter(({ seconds }) => seconds > 0));
}
