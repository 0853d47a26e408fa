/**
 * The private side of ssh2 (1.17.0, pinned): what the engine takes over, reuses, and checks when a connection starts,
 * so that an upgrade that moves something fails at once and with its name.
 */
import type { KeyObject } from "node:crypto";
import type { Client } from "ssh2";
import constants from "ssh2/lib/protocol/constants.js";
import crypto from "ssh2/lib/protocol/crypto.js";
import messageHandlers from "ssh2/lib/protocol/handlers.js";
import kex from "ssh2/lib/protocol/kex.js";
import utils from "ssh2/lib/protocol/utils.js";
import zlib from "ssh2/lib/protocol/zlib.js";

export { constants, crypto, kex, messageHandlers, utils, zlib };

/** The key fields of each direction, for every cipher and MAC. */
export const keyFields = [
  "_encKey",
  "_encKeyMain",
  "_encKeyPktLen",
  "_decipherKey",
  "_decKeyMain",
  "_decKeyPktLen",
  "_macKey",
] as const;

export type Keys = { [Field in (typeof keyFields)[number]]?: Buffer | KeyObject };

/** Called with the parsed fields of a message. */
export type Handler = (protocol: Protocol, ...values: never[]) => void;

export interface PacketWriter {
  /** The offset of the payload in a buffer from `alloc`: 0 during a key exchange. */
  allocStart: number;
  /** The same for messages that are sent during an exchange. */
  readonly allocStartKEX: number;
  alloc(length: number, during?: boolean): Buffer;
  finalize(packet: Buffer, during?: boolean): Buffer;
  cleanup(): void;
}

export interface PacketReader {
  /** Decompresses. */
  read(payload: Buffer): Buffer;
  cleanup(): void;
  _zlib?: { _maxOutputLength: number };
}

export interface OutCipher extends Keys {
  /** Sequence number of the next packet (RFC 4253 section 6.4). */
  outSeqno: number;
  allocPacket(length: number): Buffer;
  encrypt(packet: Uint8Array): void;
  free(): void;
}

/** @returns undefined to go on, false to stop behind this packet, or where to go on in the chunk */
export type PayloadHandler = (payload: Buffer) => false | number | undefined;

export interface InCipher extends Keys {
  /** One more than the sequence number of the current packet. */
  inSeqno: number;
  /** Returns where it stopped in the chunk; undefined: at its end. */
  decrypt(chunk: Buffer, at: number, end: number): number | undefined;
  free(): void;
}

export interface DirectionAlgorithms {
  readonly cipher: string;
  readonly mac: string;
  readonly compress: string;
  readonly lang: string;
}

/** In ssh2's own shape, which several places read. */
export interface NegotiatedKex {
  readonly kex: string;
  readonly serverHostKey: string;
  readonly cs: DirectionAlgorithms;
  readonly sc: DirectionAlgorithms;
}

interface NameList {
  readonly array: readonly string[];
}

export interface Protocol {
  readonly _handlers: Record<string, Handler | undefined>;
  _packetRW: { read: PacketReader; write: PacketWriter };
  _cipher: OutCipher;
  _decipher: InCipher | undefined;
  /** Reads from the chunk and returns where the next call begins; undefined: all was read. */
  _parse(chunk: Buffer, at: number, end: number): number | undefined;
  parse(chunk: Buffer, at: number, end: number): void;
  /** Packets that wait for the end of the key exchange: payloads only. */
  _queue: Buffer[] | undefined;
  /** Our own KEXINIT during a key exchange. */
  _kexinit: Buffer | undefined;
  _kex: { readonly sessionID: Buffer; readonly negotiated: NegotiatedKex } | undefined;
  readonly _identRaw: Buffer;
  _remoteIdentRaw: Buffer | undefined;
  _compatFlags: number;
  _strictMode: boolean | undefined;
  _authenticated: boolean;
  readonly _offer: {
    readonly lists: {
      readonly kex: NameList;
      readonly serverHostKey: NameList;
      readonly cs: { readonly cipher: NameList; readonly mac: NameList; readonly compress: NameList };
      readonly sc: { readonly cipher: NameList; readonly mac: NameList; readonly compress: NameList };
    };
  };
  readonly _hostVerifier: ((key: Buffer, answer: (trusted: boolean) => void) => unknown) | undefined;
  _onHeader(header: object): void;
  _onHandshakeComplete(negotiated: NegotiatedKex): void;
  _onWrite(data: Uint8Array): void;
  /** Undefined once the transport has ended: writing would then throw inside ssh2. */
  readonly _destruct: unknown;
  rekey(): void;
}

const eventMessages = ["DISCONNECT", "USERAUTH_BANNER"] as const;

export function protocolOf(client: Client): unknown {
  return (client as unknown as { _protocol?: unknown })._protocol;
}

/** The names that the engine needs and a connecting `client` lacks; empty when it has all. */
export function missingInternals(client: Client): string[] {
  const protocol = protocolOf(client) as Partial<Protocol> | undefined;
  const { read, write } = protocol?._packetRW ?? {};
  const lists = protocol?._offer?.lists;
  const inflater = (new zlib.ZlibPacketReader() as Partial<PacketReader>)._zlib;
  const is = (value: unknown, type: "object" | "function" | "number" | "string" | "boolean"): boolean =>
    typeof value === type && value !== null;
  const needed: [string, boolean][] = [
    ["_protocol", is(protocol, "object")],
    ["_protocol._packetRW.write.allocStart", is(write?.allocStart, "number")],
    ["_protocol._packetRW.write.allocStartKEX", is(write?.allocStartKEX, "number")],
    ["_protocol._packetRW.write.alloc", is(write?.alloc, "function")],
    ["_protocol._packetRW.write.finalize", is(write?.finalize, "function")],
    ["_protocol._packetRW.write.cleanup", is(write?.cleanup, "function")],
    ["_protocol._packetRW.read.read", is(read?.read, "function")],
    ["_protocol._packetRW.read.cleanup", is(read?.cleanup, "function")],
    ["_protocol._cipher.encrypt", is(protocol?._cipher?.encrypt, "function")],
    ["_protocol._cipher.allocPacket", is(protocol?._cipher?.allocPacket, "function")],
    ["_protocol._cipher.outSeqno", is(protocol?._cipher?.outSeqno, "number")],
    ["_protocol._onHandshakeComplete", is(protocol?._onHandshakeComplete, "function")],
    ["_protocol._onHeader", is(protocol?._onHeader, "function")],
    ["_protocol._onWrite", is(protocol?._onWrite, "function")],
    ["_protocol._parse", is(protocol?._parse, "function")],
    ["_protocol.parse", is(protocol?.parse, "function")],
    ["_protocol._identRaw", Buffer.isBuffer(protocol?._identRaw)],
    ["_protocol._authenticated", is(protocol?._authenticated, "boolean")],
    ["_protocol._compatFlags", is(protocol?._compatFlags, "number")],
    ["_protocol._offer.lists.kex", Array.isArray(lists?.kex?.array)],
    ["_protocol._offer.lists.serverHostKey", Array.isArray(lists?.serverHostKey?.array)],
    ...(["cs", "sc"] as const).flatMap((side) =>
      (["cipher", "mac", "compress"] as const).map((kind): [string, boolean] => [
        `_protocol._offer.lists.${side}.${kind}`,
        Array.isArray(lists?.[side]?.[kind]?.array),
      ]),
    ),
    ["_protocol._destruct", is(protocol?._destruct, "function")],
    ["_protocol.rekey", is(protocol?.rekey, "function")],
    // Undefined at first, but present: ssh2 tests them.
    ...(
      ["_queue", "_kexinit", "_kex", "_strictMode", "_remoteIdentRaw", "_decipher", "_hostVerifier"] as const
    ).map((name): [string, boolean] => [`_protocol.${name}`, protocol !== undefined && name in protocol]),
    ["sendPacket", is(utils.sendPacket, "function")],
    ["doFatalError", is(utils.doFatalError, "function")],
    ["kexinit", is(kex.kexinit, "function")],
    ["createCipher", is(crypto.createCipher, "function")],
    ["createDecipher", is(crypto.createDecipher, "function")],
    ["NullDecipher", is(crypto.NullDecipher, "function")],
    ["CIPHER_INFO", is(crypto.CIPHER_INFO["aes128-ctr"]?.keyLen, "number")],
    ["CIPHER_INFO.sslName", is(crypto.CIPHER_INFO["aes128-gcm@openssh.com"]?.sslName, "string")],
    ["MAC_INFO", is(crypto.MAC_INFO["hmac-sha2-256"]?.len, "number")],
    ["COMPAT_CHECKS", Array.isArray(constants.COMPAT_CHECKS)],
    ["ZlibPacketReader._zlib._maxOutputLength", is(inflater?._maxOutputLength, "number")],
    ...[6, 7, 51, 52, 53, 60].map((number): [string, boolean] => [
      `MESSAGE_HANDLERS[${number}]`,
      is(messageHandlers[number], "function"),
    ]),
    ...eventMessages.map((name): [string, boolean] => [
      `_protocol._handlers.${name}`,
      is(protocol?._handlers?.[name], "function"),
    ]),
  ];
  return needed.filter(([, there]) => !there).map(([name]) => name);
}
