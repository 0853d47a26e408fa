import { printable } from "../base/log.ts";
import { WireReader, wireString, wireUint32 } from "../base/wire.ts";
import {
  type ChannelOpen,
  decodeOpen,
  decodeRequest,
  encode,
  encodeDirectTcpip,
  encodeOpen,
  encodeOpenFailure,
  encodeRequest,
  extendedDataStderr,
  message,
  openFailureCode,
} from "../engine/channels/messages.ts";
import { claimVariable } from "../engine/channels/relay/relayTypes.ts";
import type { Endpoint } from "../engine/connectionEngine.ts";

/** The channel's number that the client gets. */
const ourNumber = 0;

/** Bytes. Less than any server accepts, because the client is told before the server has said its own limit. */
const packet = 16 * 1024;

/** What ssh.c prints for the codes of RFC 4254 section 5.1 (reason2txt in channels.c). */
const failures: Readonly<Record<number, string>> = {
  [openFailureCode.administrativelyProhibited]: "administratively prohibited",
  [openFailureCode.connectFailed]: "connect failed",
  [openFailureCode.unknownChannelType]: "unknown channel type",
  [openFailureCode.resourceShortage]: "resource shortage",
};

export interface StdioForwardInit {
  /** @param bytes a message of RFC 4254 */
  toClient(bytes: Buffer): void;
  /** @param bytes a message of RFC 4254 */
  toServer(bytes: Buffer): void;
  /** The client did what it may not, or has closed its channel. */
  over(): void;
}

/**
 * Serves `ssh -W` to a client in OpenSSH's proxy mode, which has no such request (ssh refuses `-W` with `-O proxy`).
 * The client asks for a session with a subsystem whose name is the target. The server sees a channel of type
 * direct-tcpip; what both sides send on it is passed on as it is, except for the number of the channel.
 */
export class StdioForward {
  readonly #init: StdioForwardInit;
  #open: ChannelOpen | undefined;
  /** The channel's number at the server. */
  #server: number | undefined;
  #isAsked = false;
  #hasFailed = false;
  /** The client has ended its input before the server has answered. */
  #eof = false;
  #claim: string | undefined;

  constructor(init: StdioForwardInit) {
    this.#init = init;
  }

  /** What the client reports as its name. Untrusted. */
  get claim(): string | undefined {
    return this.#claim;
  }

  /** One whole message of the client, which may be changed. */
  fromClient(bytes: Buffer): void {
    const body = new WireReader(bytes, 1);
    if (bytes[0] === message.channelOpen) {
      this.#take(decodeOpen(body));
    } else if (bytes[0] === message.globalRequest) {
      if (decodeRequest(body)?.wantReply === true) {
        this.#init.toClient(encode(message.requestFailure));
      }
    } else if (this.#open === undefined || body.uint32() !== ourNumber) {
      this.#init.over();
    } else if (bytes[0] === message.channelRequest) {
      this.#request(this.#open, body);
    } else if (this.#server !== undefined) {
      bytes.writeUInt32BE(this.#server, 1);
      this.#init.toServer(bytes);
    } else if (bytes[0] === message.channelEof) {
      this.#eof = true;
    } else if (!this.#hasFailed || bytes[0] === message.channelClose) {
      // It has no window yet.
      this.#init.over();
    }
  }

  /** One whole message for the client. */
  fromServer(bytes: Buffer): void {
    const open = this.#open;
    if (open === undefined) {
      return;
    }
    const client = wireUint32(open.sender);
    const body = new WireReader(bytes, 5);
    if (bytes[0] === message.channelOpenConfirmation) {
      this.#server = body.uint32() ?? 0;
      this.#init.toClient(encode(message.channelSuccess, client));
      this.#init.toClient(encode(message.channelWindowAdjust, client, wireUint32(body.uint32() ?? 0)));
      if (this.#eof) {
        this.#init.toServer(encode(message.channelEof, wireUint32(this.#server)));
      }
    } else if (bytes[0] === message.channelOpenFailure) {
      const reason = failures[body.uint32() ?? 0] ?? "unknown reason";
      const text = printable(body.text() ?? "");
      this.#fail(open, `channel 0: open failed: ${reason}: ${text}\r\nstdio forwarding failed\r\n`);
    } else {
      if (bytes[0] === message.channelClose) {
        this.#init.toClient(encodeRequest(open.sender, "exit-status", false, wireUint32(0)));
      }
      this.#init.toClient(bytes);
    }
  }

  #take(open: ChannelOpen | undefined): void {
    if (open === undefined) {
      this.#init.over();
    } else if (open.type !== "session" || this.#open !== undefined) {
      this.#init.toClient(
        encodeOpenFailure(open.sender, openFailureCode.administrativelyProhibited, "One session only"),
      );
    } else {
      this.#open = open;
      const numbers = [open.sender, ourNumber, 0, packet].map(wireUint32);
      this.#init.toClient(encode(message.channelOpenConfirmation, ...numbers));
    }
  }

  /** @param body behind the channel's number */
  #request(open: ChannelOpen, body: WireReader): void {
    const request = decodeRequest(body);
    if (request?.name === "env" && body.text() === claimVariable) {
      this.#claim = body.text();
    } else if (request?.name === "subsystem" && !this.#isAsked) {
      this.#isAsked = true;
      this.#ask(open, body.text() ?? "");
    } else if (request?.wantReply === true) {
      this.#init.toClient(encode(message.channelFailure, wireUint32(open.sender)));
    }
  }

  #ask(open: ChannelOpen, text: string): void {
    const target = parseStdioTarget(text);
    if (target === undefined) {
      this.#fail(open, `Bad stdio forwarding specification '${printable(text)}'\n`);
      return;
    }
    // As in ssh (port_open_helper in channels.c).
    const fields = encodeDirectTcpip(target, { host: "127.0.0.1", port: 65_535 });
    this.#init.toServer(encodeOpen({ ...open, type: "direct-tcpip" }, fields));
  }

  /** The client prints the text, and ends as `ssh -W` would. */
  #fail(open: ChannelOpen, text: string): void {
    this.#hasFailed = true;
    const client = wireUint32(open.sender);
    this.#init.toClient(encode(message.channelSuccess, client));
    const bytes = Buffer.from(text).subarray(0, Math.min(open.window, open.packet));
    const stderr = wireUint32(extendedDataStderr);
    this.#init.toClient(encode(message.channelExtendedData, client, stderr, wireString(bytes)));
    this.#init.toClient(encodeRequest(open.sender, "exit-status", false, wireUint32(255)));
    this.#init.toClient(encode(message.channelEof, client));
    this.#init.toClient(encode(message.channelClose, client));
  }
}

/** `host:port` or `[host]:port`. Undefined: anything else. */
export function parseStdioTarget(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\][]+)\]|([^\][:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host !== undefined && port > 0 && port <= 65_535 ? { host, port } : undefined;
}
