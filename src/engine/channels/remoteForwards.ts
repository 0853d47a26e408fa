import { type Logger, printable } from "../../base/log.ts";
import { type WireReader, wireString, wireUint32 } from "../../base/wire.ts";
import type { ForwardAddress, ForwardedHandler, RemoteListener } from "../connectionEngine.ts";
import { ForwardError } from "../engineErrors.ts";
import type { GlobalReply, GlobalRequests } from "./globalRequests.ts";
import { openFailureCode } from "./messages.ts";
import type { Acceptance } from "./peerOpens.ts";

/** RFC 4254 section 7.2, and OpenSSH's PROTOCOL, section 2.4. */
export const forwardedTypes: ReadonlySet<string> = new Set([
  "forwarded-tcpip",
  "forwarded-streamlocal@openssh.com",
]);

interface Granted {
  readonly at: ForwardAddress;
  readonly handler: ForwardedHandler;
}

/**
 * The server's listeners for this client. As in OpenSSH's channels.c (open_listen_match_tcpip), a connection from the
 * server is accepted only if it came in at an address that was requested.
 */
export class RemoteForwards {
  readonly #requests: GlobalRequests;
  readonly #logger: Logger;
  readonly #granted = new Set<Granted>();
  #refusals = 0;

  constructor(requests: GlobalRequests, logger: Logger) {
    this.#requests = requests;
    this.#logger = logger;
  }

  /** @throws ForwardError `refused`, ChannelError `connection-ended`, or the signal's reason */
  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    const name = at.type === "tcp" ? "tcpip-forward" : "streamlocal-forward@openssh.com";
    return this.#requests.request(
      name,
      encodeAddress(at),
      signal,
      (reply) => this.#answered(at, handler, reply),
      // The caller has given up: cancel the server's listener.
      (reply) => {
        const bound = reply.accepted ? boundAddress(at, reply.body) : undefined;
        if (bound !== undefined) {
          this.#cancel(bound);
        }
      },
    );
  }

  /** The server opens a channel. It is refused if it is not of `forwardedTypes`. */
  accept(type: string, body: WireReader): Acceptance {
    if (!forwardedTypes.has(type)) {
      return openFailureCode.administrativelyProhibited;
    }
    const open = type === "forwarded-tcpip" ? decodeTcp(body) : decodeUnix(body);
    const granted = open && [...this.#granted].find(({ at }) => isSame(at, open.at));
    if (open === undefined || granted === undefined) {
      if (this.#refusals++ === 0) {
        this.#logger.warn("The server opened a channel for an address that was not requested");
      }
      return openFailureCode.administrativelyProhibited;
    }
    return granted.handler(open.originator);
  }

  #answered(at: ForwardAddress, handler: ForwardedHandler, reply: GlobalReply): RemoteListener {
    if (!reply.accepted) {
      throw new ForwardError("refused-by-server", "The server refused to listen");
    }
    const bound = boundAddress(at, reply.body);
    if (bound === undefined) {
      throw new ForwardError("refused-by-server", "The server did not report the port at which it listens");
    }
    const granted: Granted = { at: bound, handler };
    this.#granted.add(granted);
    const text = bound.type === "tcp" ? `${bound.host}:${bound.port}` : bound.path;
    this.#logger.info(`The server listens at ${printable(text)}`);
    return {
      ...(bound.type === "tcp" && { port: bound.port }),
      dispose: () => {
        if (this.#granted.delete(granted)) {
          this.#cancel(bound);
        }
      },
    };
  }

  #cancel(at: ForwardAddress): void {
    const name = at.type === "tcp" ? "cancel-tcpip-forward" : "cancel-streamlocal-forward@openssh.com";
    this.#requests.send(name, encodeAddress(at), () => {});
  }
}

function encodeAddress(at: ForwardAddress): Buffer {
  return at.type === "tcp" ? Buffer.concat([wireString(at.host), wireUint32(at.port)]) : wireString(at.path);
}

/** With the port that the server chose for port 0. Undefined: it reported no valid port. */
function boundAddress(at: ForwardAddress, body: WireReader): ForwardAddress | undefined {
  if (at.type === "unix" || at.port !== 0) {
    return at;
  }
  const port = body.uint32();
  return port === undefined || port === 0 || port > 65_535 ? undefined : { ...at, port };
}

/** Longest reported address of a client of the server, in characters. */
const longestOriginator = 255;

/** A copy: a slice keeps the whole text in memory. */
function cut(from: string): string {
  return Buffer.from(from.slice(0, longestOriginator)).toString();
}

interface Forwarded {
  readonly at: ForwardAddress;
  /** Untrusted; cut. */
  readonly originator: string | undefined;
}

function decodeTcp(body: WireReader): Forwarded | undefined {
  const [host, port, from, fromPort] = [body.text(), body.uint32(), body.text(), body.uint32()];
  return host === undefined || port === undefined || from === undefined || fromPort === undefined
    ? undefined
    : { at: { type: "tcp", host, port }, originator: `${cut(from)}:${fromPort}` };
}

function decodeUnix(body: WireReader): Forwarded | undefined {
  const [path, reserved] = [body.text(), body.string()];
  return path === undefined || reserved === undefined
    ? undefined
    : { at: { type: "unix", path }, originator: undefined };
}

function isSame(one: ForwardAddress, other: ForwardAddress): boolean {
  return one.type === "tcp"
    ? other.type === "tcp" && one.host === other.host && one.port === other.port
    : other.type === "unix" && one.path === other.path;
}
