import { channelTimeoutFor } from "../config/channelTimeouts.ts";
import type { ForwardSpec, ListenAddress } from "../config/forwardSpec.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { ForwardAddress } from "../engine/connectionEngine.ts";

/** channel_rfwd_bind_host in OpenSSH's channels.c. */
export function serverAddress(at: ListenAddress, gatewayPorts: boolean): ForwardAddress {
  if (at.type === "unix") {
    return at;
  }
  const { host = gatewayPorts ? "" : "localhost", port } = at;
  return { type: "tcp", host: host === "*" ? "" : host, port };
}

/** With the port that it had before, where any port will do; otherwise the same object. */
function withKnownPort(listen: ListenAddress, port: number | undefined): ListenAddress {
  return listen.type === "tcp" && listen.port === 0 && port !== undefined ? { ...listen, port } : listen;
}

/** Where the server listens for a remote forward, as far as it is known. */
export function addressesThere(
  { kind, listen }: ForwardSpec,
  port: number | undefined,
  listens: boolean,
): readonly string[] {
  if (kind !== "remote" || !listens) {
    return [];
  }
  return listen.type === "unix" ? [listen.path] : [`${listen.host ?? "localhost"}:${port}`];
}

/** ChannelTimeout by the type of the forward's channels (ssh_config(5)), in seconds; 0: none. */
export function idleLimitOf(spec: ForwardSpec, { channelTimeouts }: HostConfig): number {
  const side = spec.kind === "remote" ? spec.listen : spec.kind === "local" ? spec.target : undefined;
  const direction = spec.kind === "remote" ? "forwarded" : "direct";
  const type = side?.type === "unix" ? `${direction}-streamlocal@openssh.com` : `${direction}-tcpip`;
  return channelTimeoutFor(channelTimeouts, type)?.seconds ?? 0;
}

/**
 * Listens at the port that was assigned for port 0 before, if there is one. That port may be in use meanwhile: then any
 * other will do.
 */
export async function listenAtKnownPort<T>(
  listen: (at: ListenAddress) => Promise<T>,
  at: ListenAddress,
  port: number | undefined,
  mayTryAnother: (error: unknown) => boolean,
): Promise<T> {
  const wanted = withKnownPort(at, port);
  return await listen(wanted).catch((error: unknown) => {
    if (wanted !== at && mayTryAnother(error)) {
      return listen(at);
    }
    throw error;
  });
}
