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
import handlers from "ssh2/lib/protocol/handlers.js";
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

/** What ssh2 tells nobody, or too late. */
export interface LoginHandlers {
  /** RFC 4252 section 5.1, for every refusal: ssh2 keeps it to itself after an agent's key. */
  userauthFailure(methodsLeft: readonly string[], partialSuccess: boolean): void;
  /** A round of RFC 4256 without a question, which ssh2 answers by itself. */
  notice(name: string, instructions: string): void;
  disconnect(code: number, description: string): void;
}

/** Messages of the connection protocol (RFC 4254), whole and not parsed by ssh2. */
export interface ConnectionHandlers {
  /** A message with a number from 80 to 127. */
  receive(message: Buffer): void;
  /** One that came before the login. */
  tooEarly(): void;
}

/** Sends over ssh2's transport. Nothing is sent after the transport has ended. */
export interface PacketWriter {
  send(message: Uint8Array): void;
  /** SSH_MSG_CHANNEL_DATA, without a further copy. */
  sendData(recipient: number, data: Uint8Array): void;
  /** RFC 4253 section 9. Ignored while one is under way. */
  rekey(): void;
  /** Bytes that wait for the end of a key exchange. */
  readonly heldBytes: number;
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
  readonly _authenticated: boolean;
  /** Defined while a key exchange is under way: what is sent then waits for its end. */
  readonly _kexinit: unknown;
  rekey(): void;
}

/** RFC 4250 section 4.1.2: the connection protocol. */
const connectionMessages = { first: 80, last: 127 } as const;

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
    ["_protocol._authenticated", typeof protocol?._authenticated === "boolean"],
    ["handlers", typeof handlers[80] === "function" && typeof handlers[100] === "function"],
    ...loginMessages.map((name): [string, boolean] => [
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
export function takeOver(client: Client, connection: ConnectionHandlers, login: LoginHandlers): PacketWriter {
  const missing = missingInternals(client);
  if (missing.length > 0) {
    throw new ConnectError("unsupported", `This ssh2 lacks ${missing.join(", ")}`);
  }
  const protocol = protocolOf(client) as Protocol;
  const loginTable = protocol._handlers;
  takeConnectionMessages();
  connections.set(protocol, connection);
  const complete = protocol._onHandshakeComplete;
  protocol._onHandshakeComplete = (...values) => {
    prepareKeys(protocol);
    complete(...values);
  };
  before(loginTable, "DISCONNECT", (_, code: number, description: string) =>
    login.disconnect(code, description),
  );
  before(loginTable, "USERAUTH_FAILURE", (_, methods: readonly string[] | undefined, partial: boolean) =>
    login.userauthFailure(methods ?? [], partial),
  );
  before(
    loginTable,
    "USERAUTH_INFO_REQUEST",
    (_, name: string, instructions: string, prompts: readonly unknown[]) => {
      if (prompts.length === 0) {
        login.notice(name, instructions);
      }
    },
  );
  let held = 0;
  const count = (bytes: number, sent: boolean): void => {
    held = sent ? 0 : held + bytes;
  };
  return {
    get heldBytes() {
      return protocol._kexinit === undefined ? 0 : held;
    },
    send: (message) =>
      count(
        message.length,
        transmit(protocol, message.length, (packet, at) => packet.set(message, at)),
      ),
    sendData: (recipient, data) =>
      count(
        data.length,
        transmit(protocol, 9 + data.length, (packet, at) => {
          packet[at] = 94;
          packet.writeUInt32BE(recipient, at + 1);
          packet.writeUInt32BE(data.length, at + 5);
          packet.set(data, at + 9);
        }),
      ),
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

/** Whose messages of the connection protocol are ours. ssh2's table of handlers is one for all its connections. */
const connections = new WeakMap<object, ConnectionHandlers>();
let taken = false;

function takeConnectionMessages(): void {
  if (taken) {
    return;
  }
  taken = true;
  for (let type = connectionMessages.first; type <= connectionMessages.last; type++) {
    const own = handlers[type];
    handlers[type] = (protocol, payload) => {
      const connection = connections.get(protocol);
      if (connection === undefined) {
        return own?.(protocol, payload);
      }
      if ((protocol as Protocol)._authenticated) {
        connection.receive(payload);
      } else {
        connection.tooEarly();
      }
      return undefined;
    };
  }
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

/** @returns false when the message waits for the end of a key exchange */
function transmit(protocol: Protocol, length: number, fill: (packet: Buffer, at: number) => void): boolean {
  // `_destruct` is gone once the transport has ended: writing then would throw inside ssh2.
  if (protocol._destruct === undefined) {
    return true;
  }
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(length);
  fill(packet, writer.allocStart);
  return utils.sendPacket(protocol, writer.finalize(packet));
}
