import { printable } from "../../../base/log.ts";
import { WireReader } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import type { ServerOffer } from "../../transport/serverGreeting.ts";
import { crypto, type NegotiatedKex, type Protocol } from "../ssh2Protocol.ts";
import { malformed } from "./keyAgreement.ts";

/** SSH_MSG_KEXINIT of the server (RFC 4253 section 7.1), without the languages. */
export interface KexInit {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cs: {
    readonly cipher: readonly string[];
    readonly mac: readonly string[];
    readonly compress: readonly string[];
  };
  readonly sc: {
    readonly cipher: readonly string[];
    readonly mac: readonly string[];
    readonly compress: readonly string[];
  };
  /** The server has guessed the method and sent its next message. */
  readonly firstKexPacketFollows: boolean;
}

/** @throws ConnectError `protocol` */
export function readKexInit(message: Buffer): KexInit {
  const reader = new WireReader(message, 17);
  const lists = Array.from({ length: 10 }, () => reader.nameList());
  const follows = reader.boolean();
  if (follows === undefined || lists.includes(undefined)) {
    throw malformed("KEXINIT");
  }
  const [kex = [], serverHostKey = [], csCipher = [], scCipher = [], csMac = [], scMac = []] = lists;
  const [csCompress = [], scCompress = []] = lists.slice(6);
  return {
    kex,
    serverHostKey,
    cs: { cipher: csCipher, mac: csMac, compress: csCompress },
    sc: { cipher: scCipher, mac: scMac, compress: scCompress },
    firstKexPacketFollows: follows,
  };
}

/** The offer for errors and `algorithms`: all known servers offer the same in both directions. */
export function serverOffer(init: KexInit): ServerOffer {
  const { kex, serverHostKey, sc } = init;
  return { kex, serverHostKey, cipher: sc.cipher, hmac: sc.mac, compress: sc.compress };
}

/** Names in the list of methods that are signals (RFC 8308 section 2.1, OpenSSH's PROTOCOL 1.10). */
const isSignal = (name: string): boolean => name.startsWith("ext-info-") || name.startsWith("kex-strict-");

/**
 * For each kind, the first of our algorithms that the server supports (RFC 4253 section 7.1).
 * @throws ConnectError `no-common-algorithm`
 */
export function negotiate(ours: Protocol["_offer"]["lists"], theirs: KexInit): NegotiatedKex {
  const pick = (kind: string, mine: readonly string[], other: readonly string[]): string => {
    const found = mine.find((name) => !isSignal(name) && other.includes(name));
    if (found === undefined) {
      const has = printable(other.filter((name) => !isSignal(name)).join(","));
      const have = mine.filter((name) => !isSignal(name)).join(",");
      throw new ConnectError(
        "no-common-algorithm",
        `No common ${kind}: the server has ${has}, we offer ${have}`,
      );
    }
    return found;
  };
  const direction = (side: "cs" | "sc"): NegotiatedKex["cs"] => {
    const cipher = pick("cipher", ours[side].cipher.array, theirs[side].cipher);
    const implicit = (crypto.CIPHER_INFO[cipher]?.authLen ?? 0) > 0;
    return {
      cipher,
      mac: implicit ? "" : pick("hmac", ours[side].mac.array, theirs[side].mac),
      compress: pick("compress", ours[side].compress.array, theirs[side].compress),
      lang: "",
    };
  };
  return {
    kex: pick("kex", ours.kex.array, theirs.kex),
    serverHostKey: pick("serverHostKey", ours.serverHostKey.array, theirs.serverHostKey),
    cs: direction("cs"),
    sc: direction("sc"),
  };
}

/** A guess is right when the first choices of both sides are equal (RFC 4253 section 7.1). */
export function isWrongGuess(ours: Protocol["_offer"]["lists"], theirs: KexInit): boolean {
  return (
    theirs.firstKexPacketFollows &&
    (theirs.kex[0] !== ours.kex.array[0] || theirs.serverHostKey[0] !== ours.serverHostKey.array[0])
  );
}
