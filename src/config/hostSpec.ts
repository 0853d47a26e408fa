import { isIPv6 } from "node:net";
import { printable } from "../base/log.ts";
import { ConfigError } from "./configErrors.ts";
import type { HostConfig } from "./hostConfig.ts";

/** The parts of a host as the user typed it. */
export interface HostSpec {
  /** The argument that `Host` patterns match: an alias, a host name or an address, without brackets. */
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * Parses `host`, `user@host`, `host:port`, `user@[::1]:port` or `ssh://user@host:port`.
 * @throws ConfigError `invalid-host` for what OpenSSH refuses on its command line, so that no text that looks like an
 *   option or shell syntax reaches a command line or a `%h` token.
 */
export function parseHostSpec(text: string): HostSpec {
  const spec = text.startsWith("ssh://") ? parseUri(text.slice("ssh://".length)) : parsePlain(text);
  if (spec === undefined || !isValidHost(spec.alias)) {
    throw refused(text);
  }
  // A user may have a blank ("first last", as in Active Directory), but "ssh user@host" is a pasted command.
  if (spec.user !== undefined && (!isValidUser(spec.user) || /^ssh\s/.test(spec.user))) {
    throw refused(text);
  }
  return spec;
}

/** The inverse of `parseHostSpec`. */
export function formatHostSpec({ alias, user, port }: HostSpec): string {
  const host = alias.includes(":") && port !== undefined ? `[${alias}]` : alias;
  return `${user === undefined ? "" : `${user}@`}${host}${port === undefined ? "" : `:${port}`}`;
}

/**
 * The two names of a host: `alias`, which `Host` patterns match, and `spec`, which resolves to the same destination
 * again. A text that is not a host is used for both, so that an error can name it.
 */
export function hostNames(text: string): { readonly alias: string; readonly spec: string } {
  try {
    const parsed = parseHostSpec(text);
    return { alias: parsed.alias, spec: formatHostSpec(parsed) };
  } catch {
    return { alias: text, spec: text };
  }
}

/** Whether `parseHostSpec` accepts it. */
export function isHost(text: string): boolean {
  try {
    parseHostSpec(text);
    return true;
  } catch {
    return false;
  }
}

/** The text that `config` was resolved from: resolving it again gives `Host` and `Match` lines the same input. */
export function typedHost({ alias, user, port, sources }: HostConfig): string {
  const isTyped = (keyword: string): boolean => sources.get(keyword)?.kind === "commandLine";
  return formatHostSpec({ alias, ...(isTyped("user") && { user }), ...(isTyped("port") && { port }) });
}

/** readconf.c, ssh_valid_hostname. */
export function isValidHost(host: string): boolean {
  return /^(?!-)[^'`"$\\;&<>|(){},\s\u0000-\u001f\u007f]+$/.test(host);
}

/** readconf.c, ssh_valid_ruser: a backslash is allowed (DOMAIN\user), but not at the end. */
export function isValidUser(user: string): boolean {
  return /^(?!-)[^'`";&<>|(){}\u0000-\u001f\u007f]+$/.test(user) && !/\s-|\\$/.test(user);
}

export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

function refused(text: string): ConfigError {
  return new ConfigError("invalid-host", `Not a host that can be connected to: "${printable(text, 200)}"`);
}

function parsePlain(text: string): HostSpec | undefined {
  // The last `@`, because a user name such as `user@domain` may contain one.
  const at = text.lastIndexOf("@");
  const user = at < 0 ? undefined : text.slice(0, at);
  return user === "" ? undefined : withUser(user, parseHostAndPort(text.slice(at + 1)));
}

/** misc.c, parse_uri: connection parameters after `;` are ignored, a path is refused. */
function parseUri(text: string): HostSpec | undefined {
  const at = text.indexOf("@");
  const user = at < 0 ? undefined : decode(text.slice(0, at).split(";")[0] ?? "");
  const host = text.slice(at + 1).replace(/\/$/, "");
  return user === "" || host.includes("/") ? undefined : withUser(user, parseHostAndPort(host));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function withUser(user: string | undefined, host: HostSpec | undefined): HostSpec | undefined {
  return host && user !== undefined ? { ...host, user } : host;
}

function parseHostAndPort(text: string): HostSpec | undefined {
  if (isIPv6(text)) {
    return { alias: text };
  }
  const bracketed = /^\[([^[\]]+)\](?::(.*))?$/.exec(text);
  const plain = bracketed ?? /^([^:[\]]+)(?::(.*))?$/.exec(text);
  if (plain === null) {
    return undefined;
  }
  const [, alias = "", portText] = plain;
  if (portText === undefined || portText === "") {
    return { alias };
  }
  const port = parsePort(portText);
  return port === undefined ? undefined : { alias, port };
}
