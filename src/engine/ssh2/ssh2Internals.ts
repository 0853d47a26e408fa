/**
 * Where the engine stands on ssh2's private side (ssh2Protocol.ts). Of ssh2 are the packets' ciphers; user authentication,
 * channels and global requests are ours. Authentication, because ssh2's answers whatever the server sends, also after the
 * login, knows no certificates and no security keys, and mixes up agent keys with second factors; channels, because ssh2's
 * own fix the receive window at 2 MiB, lose the outcome of requests, stop answering the server's keepalives once a command
 * has exited, and can't send `break` or a heartbeat.
 * What is taken over: all reading and writing of packets (kex/packetLayer.ts).
 */
import type { Client } from "ssh2";
import type { SessionBinding } from "../../auth/authPorts.ts";
import { ConnectError } from "../engineErrors.ts";
import { certificateAlgorithms } from "./kex/hostKeySignature.ts";
import { defaultKex, supportedKex } from "./kex/methods.ts";
import { PacketLayer } from "./kex/packetLayer.ts";
import type { PacketLayerHost } from "./kex/packetLayerPorts.ts";
import { constants, missingInternals, type Protocol, protocolOf } from "./ssh2Protocol.ts";

// ssh2 refuses to offer what it can't do itself.
constants.SUPPORTED_KEX.push(...supportedKex.filter((name) => !constants.SUPPORTED_KEX.includes(name)));
constants.SUPPORTED_SERVER_HOST_KEY.push(...certificateAlgorithms);

/** What this build (ssh2, and Node's crypto below it) can do, by SSH name. */
export const supported = {
  kex: supportedKex,
  defaultKex,
  hostKey: constants.SUPPORTED_SERVER_HOST_KEY,
  cipher: constants.SUPPORTED_CIPHER,
  mac: constants.SUPPORTED_MAC,
  defaultMac: constants.DEFAULT_MAC,
};

/** Messages of the connection protocol (RFC 4254), whole and not parsed by ssh2. */
export interface ConnectionHandlers {
  /** A message with a number from 80 to 127. */
  receive(message: Buffer): void;
  /** One that came before the login. */
  tooEarly(): void;
}

/** Sends over ssh2's transport. Nothing is sent after the transport has ended. */
export interface PacketWriter {
  /** @param onSent gets the packet's sequence number (RFC 4253 section 6.4) when it goes out. */
  send(message: Uint8Array, onSent?: (sequence: number) => void): void;
  /** SSH_MSG_CHANNEL_DATA, without a further copy. */
  sendData(recipient: number, data: Uint8Array): void;
  /** RFC 4253 section 9. Ignored while one is under way, and before the login. */
  rekey(): void;
  /** Bytes that wait for the end of a key exchange. */
  readonly heldBytes: number;
  /** The exchange hash of the first key exchange (RFC 4253 section 7.2). Empty before it. */
  sessionId(): Buffer;
  /** What the server has proven in the first key exchange; undefined before its end. */
  binding(): SessionBinding | undefined;
  /** The connection is over. Idempotent. */
  end(): void;
}

/**
 * Takes the connection protocol of a client on which `connect` has just been called, before anything has arrived.
 * @throws ConnectError `unsupported` when ssh2 is not the one that this was written for.
 */
export function takeOver(
  client: Client,
  connection: ConnectionHandlers,
  onDisconnect: (code: number, description: string) => void,
  transport: PacketLayerHost,
): PacketWriter {
  const missing = missingInternals(client);
  if (missing.length > 0) {
    throw new ConnectError("unsupported", `This ssh2 lacks ${missing.join(", ")}`);
  }
  const protocol = protocolOf(client) as Protocol;
  const loginTable = protocol._handlers;
  const layer = new PacketLayer(protocol, connection, transport);
  const own = loginTable["DISCONNECT"] as ((...values: unknown[]) => void) | undefined;
  loginTable["DISCONNECT"] = (_, code: number, description: string) => {
    onDisconnect(code, description);
    own?.(protocol, code, description);
  };
  return {
    get heldBytes() {
      return layer.queuedBytes;
    },
    send: (message, onSent) => layer.send(message.length, (packet, at) => packet.set(message, at), onSent),
    sendData: (recipient, data) =>
      layer.send(9 + data.length, (packet, at) => {
        packet[at] = 94;
        packet.writeUInt32BE(recipient, at + 1);
        packet.writeUInt32BE(data.length, at + 5);
        packet.set(data, at + 9);
      }),
    sessionId: () => protocol._kex?.sessionID ?? Buffer.alloc(0),
    binding: () => layer.exchange.binding,
    rekey: () => layer.rekey(),
    end: () => layer.end(),
  };
}
