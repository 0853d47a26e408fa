import { isIPv6, SocketAddress } from "node:net";
import {
  type ForwardSpec,
  type ForwardTarget,
  formatForward,
  type ListenAddress,
} from "../config/forwardSpec.ts";

/**
 * Equal for different spellings of the same forward: `localhost` for no address, `*` for an empty one
 * (channel_fwd_bind_addr in OpenSSH's channels.c), one form for each IPv6 address, names in lower case.
 * @param gatewayPorts decides what no address means; undefined: unknown, and different from each address.
 */
export function forwardKey(spec: ForwardSpec, gatewayPorts?: boolean): string {
  const listen = plainListen(spec.listen, gatewayPorts);
  switch (spec.kind) {
    case "dynamic":
      return formatForward({ ...spec, listen });
    case "local":
      return formatForward({ ...spec, listen, target: plainTarget(spec.target) });
    case "remote":
      return formatForward({ ...spec, listen, ...(spec.target && { target: plainTarget(spec.target) }) });
  }
}

function plainListen(listen: ListenAddress, gatewayPorts: boolean | undefined): ListenAddress {
  if (listen.type === "unix") {
    return listen;
  }
  const { host, port } = listen;
  if (host === undefined) {
    return gatewayPorts === undefined
      ? listen
      : { type: "tcp", host: gatewayPorts ? "*" : "localhost", port };
  }
  return { type: "tcp", host: host === "" ? "*" : plainHost(host), port };
}

function plainTarget(target: ForwardTarget): ForwardTarget {
  return target.type === "unix" ? target : { ...target, host: plainHost(target.host) };
}

function plainHost(host: string): string {
  return isIPv6(host) && !host.includes("%")
    ? new SocketAddress({ address: host, family: "ipv6" }).address
    : host.toLowerCase();
}
