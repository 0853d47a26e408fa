import { printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import { ConnectError, type JumpFailure } from "../engine/engineErrors.ts";

/** The last jump host of `config` failed; the hops before it fail as its own jump hosts. */
export function jumpFailure(config: HostConfig, step: JumpFailure["step"], cause?: unknown): ConnectError {
  const { hostName, port } = config;
  const last = config.proxyJump.at(-1);
  const host = last === undefined ? config.alias : formatHostSpec(last);
  const target = hostName.includes(":") ? `[${hostName}]:${port}` : `${hostName}:${port}`;
  const what = step === "channel" ? `did not open a channel to ${target}` : "could not be used";
  return new ConnectError("jump-failed", `The jump host ${printable(host)} ${what}`, {
    ...(cause !== undefined && { cause }),
    jump: { host, target, step },
  });
}
