import { WireReader } from "../../../base/wire.ts";

/** Characters that are kept, to be shown. */
const longest = 200;

/**
 * What a channel leads to: the fields after those of every open (RFC 4254 section 7.2; OpenSSH's PROTOCOL, section
 * 2.4). Undefined: a session. Untrusted.
 */
export function targetOf(type: string, fields: Buffer): string | undefined {
  switch (type) {
    case "direct-tcpip":
      return hostAndPort(fields);
    case "direct-streamlocal@openssh.com":
      return short(new WireReader(fields).text() ?? "");
    default:
      return undefined;
  }
}

/** Where the server listens: the fields of the request (RFC 4254 section 7.1). Untrusted. */
export function listenAddressOf(type: string, fields: Buffer): string {
  return type === "forwarded-tcpip" ? hostAndPort(fields, "*") : short(new WireReader(fields).text() ?? "");
}

/** @param unnamed in the place of an empty host */
function hostAndPort(fields: Buffer, unnamed = ""): string {
  const reader = new WireReader(fields);
  const host = short(reader.text() ?? "") || unnamed;
  return `${host.includes(":") ? `[${host}]` : host}:${reader.uint32() ?? 0}`;
}

/** A copy: a slice keeps the whole text in memory. */
function short(text: string): string {
  return Buffer.from(text.slice(0, longest)).toString();
}
