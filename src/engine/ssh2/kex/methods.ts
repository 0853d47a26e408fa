import { FixedGroup, GroupExchange, groupBits } from "./diffieHellman.ts";
import { Curve25519, NistCurve } from "./ecdh.ts";
import type { KeyAgreement } from "./keyAgreement.ts";
import { MlKem768X25519 } from "./mlKem.ts";

/** @param needed bits of the ciphers' longest key or block; software with a flaw gets at most `cap` bits. */
type Make = (needed: number, cap: number) => KeyAgreement;

const groupExchange =
  (hash: string): Make =>
  (needed, cap) =>
    new GroupExchange(hash, Math.min(cap, groupSize(needed)));

/** In our order of preference; those after `oldMethods` only where ssh_config names them. */
const methods: Readonly<Record<string, Make>> = {
  "mlkem768x25519-sha256": () => new MlKem768X25519(),
  "curve25519-sha256": () => new Curve25519(),
  "curve25519-sha256@libssh.org": () => new Curve25519(),
  "ecdh-sha2-nistp256": () => new NistCurve("prime256v1", "sha256"),
  "ecdh-sha2-nistp384": () => new NistCurve("secp384r1", "sha384"),
  "ecdh-sha2-nistp521": () => new NistCurve("secp521r1", "sha512"),
  "diffie-hellman-group16-sha512": () => new FixedGroup("modp16", "sha512"),
  "diffie-hellman-group18-sha512": () => new FixedGroup("modp18", "sha512"),
  "diffie-hellman-group17-sha512": () => new FixedGroup("modp17", "sha512"),
  "diffie-hellman-group15-sha512": () => new FixedGroup("modp15", "sha512"),
  "diffie-hellman-group14-sha256": () => new FixedGroup("modp14", "sha256"),
  // Last: it needs another round trip, and the server chooses the numbers.
  "diffie-hellman-group-exchange-sha256": groupExchange("sha256"),
  "diffie-hellman-group-exchange-sha1": groupExchange("sha1"),
  "diffie-hellman-group14-sha1": () => new FixedGroup("modp14", "sha1"),
  "diffie-hellman-group1-sha1": () => new FixedGroup("modp2", "sha1"),
};

const oldMethods: ReadonlySet<string> = new Set([
  "diffie-hellman-group-exchange-sha1",
  "diffie-hellman-group14-sha1",
  "diffie-hellman-group1-sha1",
]);

export const supportedKex: readonly string[] = Object.keys(methods);
export const defaultKex: readonly string[] = supportedKex.filter((name) => !oldMethods.has(name));

/** Undefined for a name that is not in `supportedKex`. */
export function makeAgreement(name: string, needed: number, cap: number): KeyAgreement | undefined {
  return Object.hasOwn(methods, name) ? methods[name]?.(needed, cap) : undefined;
}

/** dh_estimate of OpenSSH's dh.c (NIST SP 800-57). */
function groupSize(needed: number): number {
  if (needed <= 112) {
    return groupBits.least;
  }
  if (needed <= 128) {
    return 3072;
  }
  return needed <= 192 ? 7680 : groupBits.most;
}
