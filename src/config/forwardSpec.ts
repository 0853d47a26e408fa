/** Parses `-L`, `-R` and `-D` of ssh(1), LocalForward, RemoteForward and DynamicForward. No SSH. */
import { isIPv6 } from "node:net";
import { SshSessionsError } from "../base/errors.ts";

/** Where a forward listens. `host`: undefined is loopback (or what GatewayPorts says), `*` and "" every address. */
export type ListenAddress =
  | { readonly type: "tcp"; readonly host?: string; readonly port: number }
  | { readonly type: "unix"; readonly path: string };

/** What a forward reaches. */
export type ForwardTarget =
  | { readonly type: "tcp"; readonly host: string; readonly port: number }
  | { readonly type: "unix"; readonly path: string };

/** `local` and `dynamic` listen here, `remote` on the server. No target: each client names its own (SOCKS). */
export type ForwardSpec =
  | { readonly kind: "local"; readonly listen: ListenAddress; readonly target: ForwardTarget }
  | { readonly kind: "remote"; readonly listen: ListenAddress; readonly target?: ForwardTarget }
  | { readonly kind: "dynamic"; readonly listen: ListenAddress };

export type ForwardKind = ForwardSpec["kind"];

export type ForwardSpecReason =
  | "empty"
  /** A port that is not a number from 0 to 65535; a target's port may not be 0. */
  | "port"
  /** The text ends where a port must follow. */
  | "no-port"
  /** Fewer parts than this kind has. */
  | "parts"
  | "too-many-parts"
  /** A minus with something other than L, R or D. */
  | "option"
  /** An opening bracket without a closing one, or text after that. */
  | "brackets"
  /** A name with characters that are not allowed in host names. */
  | "host"
  /** A path longer than the address of a unix socket holds (unix(7)), or a relative one. */
  | "path";

/** A text that is not a valid forward. `part` is untrusted. */
export class ForwardSpecError extends SshSessionsError<ForwardSpecReason> {
  static override readonly name = "ForwardSpecError";

  readonly part: string;

  constructor(reason: ForwardSpecReason, part: string) {
    super(reason, "The text is not a forward");
    this.part = part;
  }

  static is(error: unknown): error is ForwardSpecError {
    return error instanceof ForwardSpecError;
  }
}

interface Field {
  readonly text: string;
  readonly isPath: boolean;
}

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, the ending NUL included. */
const longestPath = 103;

const options: Readonly<Record<string, ForwardKind>> = { L: "local", R: "remote", D: "dynamic" };

/**
 * Parses a forward as a user types it: as for ssh(1) with `-L`, `-R` or `-D` in front. Without an option it is local,
 * and may be as short as `8080` (the same port on the server), `8080:80`, `db:5432` or `unix:/path` (a socket on the
 * server, at any free port). The URL of a web server stands for its host and port.
 * @throws ForwardSpecError
 */
export function parseForward(text: string): ForwardSpec {
  const trimmed = withoutUrl(text.trim());
  if (/^-[LRD]?$/.test(trimmed)) {
    throw new ForwardSpecError("empty", trimmed);
  }
  if (/[^\\]:$/.test(trimmed)) {
    throw new ForwardSpecError("no-port", trimmed);
  }
  if (/^-[^LRD\d]/.test(trimmed)) {
    throw new ForwardSpecError("option", trimmed.slice(0, 2));
  }
  const [, relative] = /(?:^|[:\s])unix:(?!\/|\d+(?::|$))([^:]*)/.exec(trimmed) ?? [];
  if (relative !== undefined) {
    throw new ForwardSpecError("path", relative);
  }
  const [, option, rest] = /^-([LRD])\s*(.*)$/s.exec(trimmed) ?? [];
  const kind = option === undefined ? undefined : options[option];
  return kind === undefined || rest === undefined
    ? parseShort(trimmed)
    : parseForwardArgument(kind, rest.trim());
}

/** `http://db:8123/x` becomes `db:8123`. Without a port it is the scheme's, at any free one here. */
function withoutUrl(text: string): string {
  const [, secure, host, port] =
    /^http(s?):\/\/(\[[^\]]*\]|[^\s:/?#@[\]]+)(?::(\d+))?(?:[/?#]\S*)?$/i.exec(text) ?? [];
  if (host === undefined) {
    return text;
  }
  return port === undefined ? `0:${host}:${secure === "" ? 80 : 443}` : `${host}:${port}`;
}

/**
 * Parses the argument of `-L`, `-R` or `-D`, or those of a keyword joined by a colon (parse_forward in OpenSSH's
 * readconf.c). Port 0 means any free port, for all kinds.
 * @throws ForwardSpecError
 */
export function parseForwardArgument(kind: ForwardKind, text: string): ForwardSpec {
  const fields = split(text);
  if (kind === "dynamic") {
    return { kind, listen: listenAt(fields, text) };
  }
  const dynamic = kind === "remote" ? fields.length === 1 || isBoundPort(fields) : false;
  if (kind === "remote" && dynamic) {
    return { kind, listen: listenAt(fields, text) };
  }
  const last = fields.at(-1);
  const targetSize = last?.isPath ? 1 : 2;
  const ends = { listen: fields.slice(0, -targetSize), target: fields.slice(-targetSize) };
  if (ends.listen.length === 0) {
    throw new ForwardSpecError("parts", text);
  }
  const listen = listenAt(ends.listen, text);
  if (kind === "remote" && ends.target[0]?.text === "socks" && ends.target[1]?.text === "0") {
    // How `ssh -G` prints a RemoteForward without a target (dump_cfg_forwards in readconf.c).
    return { kind, listen };
  }
  return { kind, listen, target: targetAt(ends.target, text) };
}

/** A text that `parseForward` and ssh(1) accept again. */
export function formatForward(spec: ForwardSpec): string {
  const option = { local: "-L", remote: "-R", dynamic: "-D" }[spec.kind];
  const target = spec.kind === "dynamic" ? undefined : spec.target;
  return `${option} ${formatListen(spec.listen)}${target === undefined ? "" : `:${formatTarget(target)}`}`;
}

export function formatListen(listen: ListenAddress): string {
  if (listen.type === "unix") {
    return listen.path;
  }
  return listen.host === undefined ? `${listen.port}` : `${bracketed(listen.host)}:${listen.port}`;
}

export function formatTarget(target: ForwardTarget): string {
  return target.type === "unix" ? target.path : `${bracketed(target.host)}:${target.port}`;
}

/** Whether only the listening machine itself can reach the address. */
export function isLoopback(listen: ListenAddress, gatewayPorts: boolean): boolean {
  if (listen.type === "unix") {
    return true;
  }
  const { host } = listen;
  return host === undefined
    ? !gatewayPorts
    : host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function parseShort(text: string): ForwardSpec {
  const fields = split(text);
  const [first, second] = fields;
  if (first === undefined) {
    throw new ForwardSpecError("empty", text);
  }
  if (fields.length === 1) {
    if (first.isPath) {
      const listen = { type: "tcp", port: 0 } as const;
      return { kind: "local", listen, target: targetAt(fields, text) };
    }
    const port = portOf(first.text, 1);
    return { kind: "local", listen: { type: "tcp", port }, target: { type: "tcp", host: "localhost", port } };
  }
  if (fields.length === 2 && second !== undefined && !first.isPath && !second.isPath) {
    const port = portOf(second.text, 1);
    return /^\d+$/.test(first.text)
      ? {
          kind: "local",
          listen: { type: "tcp", port: portOf(first.text, 0) },
          target: { type: "tcp", host: "localhost", port },
        }
      : { kind: "local", listen: { type: "tcp", port }, target: targetAt(fields, text) };
  }
  return parseForwardArgument("local", text);
}

/** `host:port` without a target: for `-R` a SOCKS server. */
function isBoundPort(fields: readonly Field[]): boolean {
  return fields.length === 2 && fields.every(({ isPath }) => !isPath);
}

function listenAt(fields: readonly Field[], text: string): ListenAddress {
  const [first, second] = fields;
  if (first === undefined) {
    throw new ForwardSpecError("empty", text);
  }
  if (fields.length === 1) {
    return first.isPath
      ? { type: "unix", path: pathOf(first.text) }
      : { type: "tcp", port: portOf(first.text, 0) };
  }
  if (fields.length !== 2 || second === undefined || first.isPath || second.isPath) {
    throw new ForwardSpecError("parts", text);
  }
  const host = first.text === "" || first.text === "*" ? first.text : hostOf(first.text);
  return { type: "tcp", host, port: portOf(second.text, 0) };
}

function targetAt(fields: readonly Field[], text: string): ForwardTarget {
  const [first, second] = fields;
  if (first !== undefined && fields.length === 1 && first.isPath) {
    return { type: "unix", path: pathOf(first.text) };
  }
  if (first === undefined || second === undefined || first.isPath) {
    throw new ForwardSpecError("parts", text);
  }
  return { type: "tcp", host: hostOf(first.text), port: portOf(second.text, 1) };
}

function portOf(text: string, least: number): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= least && port <= 65_535)) {
    throw new ForwardSpecError("port", text);
  }
  return port;
}

/** Bytes: a name of DNS has fewer (RFC 1035, section 2.3.4). */
const longestHost = 255;

function hostOf(text: string): string {
  if (
    text.length > longestHost ||
    (!isIPv6(text.replace(/%[\w.-]+$/, "")) &&
      !/^(?!-)[^\s:/\\'"`<>|;&$(){}[\]\u0000-\u001f\u007f]+$/.test(text))
  ) {
    throw new ForwardSpecError("host", text);
  }
  return text;
}

function pathOf(text: string): string {
  if (!text.startsWith("/") || Buffer.byteLength(text) > longestPath || text.includes("\0")) {
    throw new ForwardSpecError("path", text);
  }
  return text;
}

/** As parse_fwd_field: colons separate, brackets hold an address, a backslash keeps what follows; `/` makes it a path. */
function split(text: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  if (text === "") {
    return fields;
  }
  for (;;) {
    const field = text[at] === "[" ? bracketField(text, at) : plainField(text, at);
    fields.push({ text: field.text, isPath: field.isPath });
    if (field.end >= text.length) {
      break;
    }
    at = field.end + 1;
  }
  if (fields.length > 4) {
    throw new ForwardSpecError("too-many-parts", text);
  }
  return fields;
}

function bracketField(text: string, start: number): Field & { readonly end: number } {
  const close = text.indexOf("]", start);
  if (close < 0 || (close + 1 < text.length && text[close + 1] !== ":")) {
    throw new ForwardSpecError("brackets", text.slice(start));
  }
  return { text: text.slice(start + 1, close), isPath: false, end: close + 1 };
}

function plainField(text: string, start: number): Field & { readonly end: number } {
  // `unix:/path` is a clearer form of `/path`.
  const from = text.startsWith("unix:/", start) ? start + "unix:".length : start;
  let found = "";
  let end = from;
  for (; end < text.length && text[end] !== ":"; end++) {
    if (text[end] === "\\" && end + 1 < text.length) {
      end++;
    }
    found += text[end];
  }
  return { text: found, isPath: found.includes("/"), end };
}
