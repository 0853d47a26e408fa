import { isPattern, matchPattern } from "./patterns.ts";

/** Keywords whose value is a list of algorithm names that may extend or reduce OpenSSH's own list. */
export const algorithmKeywords = [
  "ciphers",
  "macs",
  "kexalgorithms",
  "hostkeyalgorithms",
  "pubkeyacceptedalgorithms",
  "casignaturealgorithms",
] as const;
export type AlgorithmKeyword = (typeof algorithmKeywords)[number];

/** What OpenSSH offers by default, and all that it knows. */
export interface AlgorithmNames {
  readonly offered: readonly string[];
  readonly known: readonly string[];
}

const aesCounter = ["aes128-ctr", "aes192-ctr", "aes256-ctr"];
const modernCiphers = ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"];
const macs = [
  ...["umac-64-etm@openssh.com", "umac-128-etm@openssh.com"],
  ...["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com"],
  ...["umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"],
];
const keyExchanges = [
  ...["mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"],
  ...["curve25519-sha256", "curve25519-sha256@libssh.org"],
  ...["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"],
  ...["diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512"],
  ...["diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"],
];
const certificates = [
  "ssh-ed25519-cert-v01@openssh.com",
  ...[256, 384, 521].map((bits) => `ecdsa-sha2-nistp${bits}-cert-v01@openssh.com`),
  ...["sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"],
  ...["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"],
];
const hostKeys = [
  ...["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ...["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-512", "rsa-sha2-256"],
];

const publicKeys: AlgorithmNames = {
  offered: [...certificates, ...hostKeys],
  known: [...hostKeys, ...certificates, "ssh-rsa", "ssh-rsa-cert-v01@openssh.com"],
};

/** The lists of OpenSSH 10 (myproposal.h), for machines without an `ssh` to ask. */
export const openSshAlgorithms: Readonly<Record<AlgorithmKeyword, AlgorithmNames>> = {
  ciphers: {
    offered: [...modernCiphers, ...aesCounter],
    known: [
      ...["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", ...aesCounter],
      ...["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"],
    ],
  },
  macs: {
    offered: macs,
    known: [
      ...["hmac-sha1", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-512", "hmac-md5", "hmac-md5-96"],
      ...["umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha1-etm@openssh.com"],
      ...["hmac-sha1-96-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
      ...["hmac-md5-etm@openssh.com", "hmac-md5-96-etm@openssh.com"],
      ...["umac-64-etm@openssh.com", "umac-128-etm@openssh.com"],
    ],
  },
  kexalgorithms: {
    offered: keyExchanges,
    known: [
      ...["diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group14-sha256"],
      ...["diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"],
      ...["diffie-hellman-group-exchange-sha1", "diffie-hellman-group-exchange-sha256"],
      ...["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"],
      ...["curve25519-sha256", "curve25519-sha256@libssh.org"],
      ...["sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "mlkem768x25519-sha256"],
    ],
  },
  hostkeyalgorithms: publicKeys,
  pubkeyacceptedalgorithms: publicKeys,
  // SSH_ALLOWED_CA_SIGALGS: without SHA-1.
  casignaturealgorithms: { offered: hostKeys, known: [...hostKeys, "ssh-rsa"] },
};

/**
 * The names that a list stands for (kex-names.c, kex_assemble_names): `+x` appends to the offered names, `^x` puts in
 * front, `-x` removes; patterns may stand for names. Names that OpenSSH does not know are kept, because the engine
 * may know them.
 */
export function assembleAlgorithms(list: string, { offered, known }: AlgorithmNames): readonly string[] {
  const names = list.replace(/^[-+^]/, "").split(",");
  if (list.startsWith("-")) {
    return offered.filter((name) => !names.some((pattern) => matchPattern(name, pattern)));
  }
  const expanded = names.flatMap((name) =>
    isPattern(name) ? known.filter((candidate) => matchPattern(candidate, name)) : [name],
  );
  const assembled = list.startsWith("+")
    ? [...offered, ...expanded]
    : list.startsWith("^")
      ? [...expanded, ...offered]
      : expanded;
  return [...new Set(assembled)];
}
