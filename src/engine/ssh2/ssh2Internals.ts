/**
 * The engine's use of ssh2's private side (ssh2Protocol.ts). ssh2 provides the packet ciphers; user authentication,
 * channels and global requests are ours. User authentication, because ssh2's replies to any message, even after the
 * login, supports no certificates and no security keys, and confuses agent keys with second factors. Channels,
 * because ssh2's fix the receive window at 2 MiB, lose the results of requests, stop replying to the server's
 * keepalives once a command has exited, and can't send `break` or a keepalive. We take over all reading and writing
 * of packets (kex/packetLayer.ts).
 */
import type { Client } from "ssh2";
import type { SessionBinding } from "../../auth/authPorts.ts";
import { ConnectError } from "../engineErrors.ts";
import { certificateAlgorithms } from "./kex/hostKeySignature.ts";
import { defaultKex, supportedKex } from "./kex/methods.ts";
import { PacketLayer } from "./kex/packetLayer.ts";
import type { PacketLayerHost } from "./kex/packetLayerPorts.ts";
import { constants, missingInternals, type Protocol, protocolOf } from "./ssh2Protocol.ts";

// ssh2 refuses to offer methods that it does not implement itself.
constants.SUPPORTED_KEX.push(...supportedKex.filter((name) => !constants.SUPPORTED_KEX.includes(name)));
constants.SUPPORTED_SERVER_HOST_KEY.push(...certificateAlgorithms);

/** What this build (ssh2, and the crypto in Node) supports, by SSH name. */
export const supported = {
  kex: supportedKex,
  defaultKex,
  hostKey: constants.SUPPORTED_SERVER_HOST_KEY,
  cipher: constants.SUPPORTED_CIPHER,
  mac: constants.SUPPORTED_MAC,
  defaultMac: constants.DEFAULT_MAC,
};

/** Receives messages of the connection protocol (RFC 4254), complete and unparsed. */
export interface ConnectionHandlers {
  /** A message with a number from 80 to 127. */
  receive(message: Buffer): void;
  /** A message that came before the login. */
  tooEarly(): void;
}

/** Sends over ssh2's transport. After the transport has ended, nothing is sent. */
export interface PacketWriter {
  /** @param onSent receives the packet's sequence number (RFC 4253 section 6.4) when it is sent. */
  send(message: Uint8Array, onSent?: (sequence: number) => void): void;
  /** SSH_MSG_CHANNEL_DATA, without a further copy. */
  sendData(recipient: number, data: Uint8Array): void;
  /** RFC 4253 section 9. Ignored during a key exchange, and before the login. */
  rekey(): void;
  /** The bytes that wait for the end of a key exchange. */
  readonly heldBytes: number;
  /** The exchange hash of the first key exchange (RFC 4253 section 7.2). Empty before it. */
  sessionId(): Buffer;
  /** The server's proof in the first key exchange; undefined before its end. */
  binding(): SessionBinding | undefined;
  /** The connection has ended. Idempotent. */
  end(): void;
}

/**
 * Takes over the connection protocol of a client right after its `connect`, before any data has arrived.
 * @throws ConnectError `unsupported` for an ssh2 version with other internals.
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
