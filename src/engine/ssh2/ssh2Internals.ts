/**
 * The only place that knows ssh2's private side (1.17.0, pinned). ssh2 does transport and authentication; channels
 * and global requests are ours, because ssh2's own fix the receive window at 2 MiB, lose the outcome of requests,
 * stop answering the server's keepalives once a command has exited, and can't send `break` or a heartbeat.
 * What is taken over: the table of message handlers, the packet writer, and in which form the keys are kept. `checkInternals` looks at all of it when
 * a connection starts, so that an upgrade which moves something fails at once and by name.
 */
import { createSecretKey, type KeyObject } from "node:crypto";
import type { Client } from "ssh2";
import constants from "ssh2/lib/protocol/constants.js";
import utils from "ssh2/lib/protocol/utils.js";
import { ConnectError } from "../engineErrors.ts";

/** What this build of ssh2 (and of Node's crypto below it) can do, by SSH name. */
export const supported = {
  kex: constants.SUPPORTED_KEX,
  defaultKex: constants.DEFAULT_KEX,
  hostKey: constants.SUPPORTED_SERVER_HOST_KEY,
  cipher: constants.SUPPORTED_CIPHER,
  mac: constants.SUPPORTED_MAC,
  defaultMac: constants.DEFAULT_MAC,
};

export interface OpenConfirmation {
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

export interface IncomingOpen {
  readonly type: string;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

export interface ExitSignalData {
  readonly signal: string | undefined;
  readonly coreDumped: boolean | undefined;
  readonly errorMessage: string | undefined;
}

/** Messages of the connection protocol (RFC 4254), parsed by ssh2. `recipient` is our channel number, untrusted. */
export interface ConnectionHandlers {
  channelOpen(info: IncomingOpen): void;
  openConfirmation(info: OpenConfirmation): void;
  openFailure(recipient: number, code: number, description: string): void;
  data(recipient: number, data: Uint8Array): void;
  extendedData(recipient: number, data: Uint8Array, type: number): void;
  windowAdjust(recipient: number, bytes: number): void;
  eof(recipient: number): void;
  close(recipient: number): void;
  /** `data`: the number of `exit-status`, or ExitSignalData. */
  request(recipient: number, name: string, wantReply: boolean, data: unknown): void;
  /** Answer to the oldest request on that channel that asked for one. */
  reply(recipient: number, accepted: boolean): void;
  globalRequest(name: string, wantReply: boolean): void;
  /** Answer to our oldest global request; whether yes or no makes no difference to a heartbeat. */
  globalReply(): void;
}

/** What ssh2 tells nobody, or too late. */
export interface LoginHandlers {
  /** RFC 4252 section 5.1, for every refusal: ssh2 keeps it to itself after an agent's key. */
  userauthFailure(methodsLeft: readonly string[], partialSuccess: boolean): void;
  /** A round of RFC 4256 without a question, which ssh2 answers by itself. */
  notice(name: string, instructions: string): void;
  disconnect(code: number, description: string): void;
}

/** Sends messages over ssh2's transport. Nothing is sent after the transport has ended. */
export interface Wire {
  send(message: Uint8Array): void;
  /** SSH_MSG_CHANNEL_DATA, without a further copy. */
  sendData(recipient: number, data: Uint8Array): void;
  /** RFC 4253 section 9. Ignored while one is under way. */
  rekey(): void;
}

/** Of each direction, whichever cipher and MAC it has. */
const keyFields = [
  "_encKey",
  "_encKeyMain",
  "_encKeyPktLen",
  "_decipherKey",
  "_decKeyMain",
  "_decKeyPktLen",
  "_macKey",
] as const;

type Keys = { [Field in (typeof keyFields)[number]]?: Buffer | KeyObject };

type Handler = (protocol: Protocol, ...values: never[]) => void;

interface Protocol {
  readonly _handlers: Record<string, Handler | undefined>;
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(length: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _cipher: { encrypt(packet: Uint8Array): void } & Keys;
  readonly _decipher: Keys | undefined;
  _onHandshakeComplete(...values: unknown[]): void;
  readonly _destruct: unknown;
  rekey(): void;
}

const connectionMessages = [
  "GLOBAL_REQUEST",
  "REQUEST_SUCCESS",
  "REQUEST_FAILURE",
  "CHANNEL_OPEN",
  "CHANNEL_OPEN_CONFIRMATION",
  "CHANNEL_OPEN_FAILURE",
  "CHANNEL_DATA",
  "CHANNEL_EXTENDED_DATA",
  "CHANNEL_WINDOW_ADJUST",
  "CHANNEL_SUCCESS",
  "CHANNEL_FAILURE",
  "CHANNEL_REQUEST",
  "CHANNEL_EOF",
  "CHANNEL_CLOSE",
] as const;

const loginMessages = ["DISCONNECT", "USERAUTH_FAILURE", "USERAUTH_INFO_REQUEST"] as const;

/** Names of what this file needs and a connecting `client` doesn't have; empty when all is there. */
export function missingInternals(client: Client): string[] {
  const protocol = protocolOf(client) as Partial<Protocol> | undefined;
  const writer = protocol?._packetRW?.write;
  const needed: [string, boolean][] = [
    ["_protocol", typeof protocol === "object"],
    ["_protocol._packetRW.write.allocStart", typeof writer?.allocStart === "number"],
    ["_protocol._packetRW.write.alloc", typeof writer?.alloc === "function"],
    ["_protocol._packetRW.write.finalize", typeof writer?.finalize === "function"],
    ["_protocol._cipher.encrypt", typeof protocol?._cipher?.encrypt === "function"],
    ["_protocol._onHandshakeComplete", typeof protocol?._onHandshakeComplete === "function"],
    ["_protocol._destruct", typeof protocol?._destruct === "function"],
    ["_protocol.rekey", typeof protocol?.rekey === "function"],
    ["sendPacket", typeof utils.sendPacket === "function"],
    ...[...connectionMessages, ...loginMessages].map((name): [string, boolean] => [
      `_protocol._handlers.${name}`,
      typeof protocol?._handlers?.[name] === "function",
    ]),
  ];
  return needed.filter(([, there]) => !there).map(([name]) => name);
}

/**
 * Takes the connection protocol of a client on which `connect` has just been called, before anything has arrived.
 * @throws ConnectError `unsupported` when ssh2 is not the one that this was written for.
 */
export function takeOver(client: Client, connection: ConnectionHandlers, login: LoginHandlers): Wire {
  const missing = missingInternals(client);
  if (missing.length > 0) {
    throw new ConnectError("unsupported", `This ssh2 lacks ${missing.join(", ")}`);
  }
  const protocol = protocolOf(client) as Protocol;
  const handlers = protocol._handlers;
  for (const [name, handler] of Object.entries(connectionTable(connection))) {
    handlers[name] = handler;
  }
  const complete = protocol._onHandshakeComplete;
  protocol._onHandshakeComplete = (...values) => {
    prepareKeys(protocol);
    complete(...values);
  };
  before(handlers, "DISCONNECT", (_, code: number, description: string) =>
    login.disconnect(code, description),
  );
  before(handlers, "USERAUTH_FAILURE", (_, methods: readonly string[] | undefined, partial: boolean) =>
    login.userauthFailure(methods ?? [], partial),
  );
  before(
    handlers,
    "USERAUTH_INFO_REQUEST",
    (_, name: string, instructions: string, prompts: readonly unknown[]) => {
      if (prompts.length === 0) {
        login.notice(name, instructions);
      }
    },
  );
  return {
    send: (message) => transmit(protocol, message.length, (packet, at) => packet.set(message, at)),
    sendData: (recipient, data) =>
      transmit(protocol, 9 + data.length, (packet, at) => {
        packet[at] = 94;
        packet.writeUInt32BE(recipient, at + 1);
        packet.writeUInt32BE(data.length, at + 5);
        packet.set(data, at + 9);
      }),
    rekey: () => {
      if (protocol._destruct !== undefined) {
        protocol.rekey();
      }
    },
  };
}

/**
 * ssh2 makes a new cipher for every packet, from a key in a buffer, which Node copies and checks each time: two thirds
 * of the time, and more garbage than most packets have data. Called after each key exchange.
 */
function prepareKeys({ _cipher, _decipher }: Protocol): void {
  for (const keys of [_cipher, _decipher ?? {}] as Keys[]) {
    for (const field of keyFields) {
      const key = keys[field];
      if (Buffer.isBuffer(key)) {
        keys[field] = createSecretKey(key);
      }
    }
  }
}

function protocolOf(client: Client): unknown {
  return (client as unknown as { _protocol?: unknown })._protocol;
}

function connectionTable(to: ConnectionHandlers): Record<(typeof connectionMessages)[number], Handler> {
  return {
    GLOBAL_REQUEST: (_, name: string, wantReply: boolean) => to.globalRequest(name, wantReply),
    REQUEST_SUCCESS: () => to.globalReply(),
    REQUEST_FAILURE: () => to.globalReply(),
    CHANNEL_OPEN: (_, info: IncomingOpen) => to.channelOpen(info),
    CHANNEL_OPEN_CONFIRMATION: (_, info: OpenConfirmation) => to.openConfirmation(info),
    CHANNEL_OPEN_FAILURE: (_, recipient: number, code: number, description: string) =>
      to.openFailure(recipient, code, description),
    CHANNEL_DATA: (_, recipient: number, data: Uint8Array) => to.data(recipient, data),
    CHANNEL_EXTENDED_DATA: (_, recipient: number, data: Uint8Array, type: number) =>
      to.extendedData(recipient, data, type),
    CHANNEL_WINDOW_ADJUST: (_, recipient: number, bytes: number) => to.windowAdjust(recipient, bytes),
    CHANNEL_SUCCESS: (_, recipient: number) => to.reply(recipient, true),
    CHANNEL_FAILURE: (_, recipient: number) => to.reply(recipient, false),
    CHANNEL_REQUEST: (_, recipient: number, name: string, wantReply: boolean, data: unknown) =>
      to.request(recipient, name, wantReply, data),
    CHANNEL_EOF: (_, recipient: number) => to.eof(recipient),
    CHANNEL_CLOSE: (_, recipient: number) => to.close(recipient),
  };
}

/** Runs `first` and then ssh2's own handler. */
function before(
  handlers: Protocol["_handlers"],
  name: (typeof loginMessages)[number],
  first: (protocol: Protocol, ...values: never[]) => void,
): void {
  const own = handlers[name];
  handlers[name] = (protocol, ...values) => {
    first(protocol, ...values);
    own?.(protocol, ...values);
  };
}

function transmit(protocol: Protocol, length: number, fill: (packet: Buffer, at: number) => void): void {
  // `_destruct` is gone once the transport has ended: writing then would throw inside ssh2.
  if (protocol._destruct === undefined) {
    return;
  }
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(length);
  fill(packet, writer.allocStart);
  utils.sendPacket(protocol, writer.finalize(packet));
}
