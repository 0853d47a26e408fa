import { printable } from "../../base/log.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { matchPattern } from "../../config/patterns.ts";
import { isCertificateType } from "../../trust/certificate.ts";
import { ConnectError } from "../engineErrors.ts";
import { certificateAlgorithms } from "./kex/hostKeySignature.ts";
import { supported } from "./ssh2Internals.ts";

/** What we offer (RFC 4253 section 7.1), in our order of preference. */
export interface AlgorithmOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly hmac: readonly string[];
  readonly compress: readonly string[];
}

// AES-GCM first: ssh2's chacha20 in plain JavaScript costs more than twice the processor time.
const preferredCiphers = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
  "chacha20-poly1305@openssh.com",
];

// Without `ssh-rsa` and `ssh-dss`: their signatures use SHA-1. ssh_config can ask for them.
const preferredHostKeys = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * Certificates are offered where known_hosts names an authority, and where HostKeyAlgorithms names them; in the
 * second case last, so that a host whose plain key is known is not asked for a certificate that proves nothing.
 *
 * @param knownFirst host key algorithms (or key types) of trusted keys, to put first.
 * @throws ConnectError `unsupported` when ssh_config leaves nothing that ssh2 supports.
 */
export function algorithmOffer(config: HostConfig, knownFirst: readonly string[]): AlgorithmOffer {
  const listed = (keyword: string, value: readonly string[] | undefined): readonly string[] | undefined =>
    config.sources.get(keyword)?.kind === "default" ? undefined : value;
  const pick = (
    keyword: string,
    value: readonly string[] | undefined,
    defaults: readonly string[],
    all: readonly string[],
  ): readonly string[] => {
    const usable = defaults.filter((name) => all.includes(name));
    const wanted = resolveList(listed(keyword.toLowerCase(), value), usable);
    const result = wanted.filter((name) => all.includes(name));
    if (result.length === 0) {
      throw new ConnectError(
        "unsupported",
        `${keyword} ${printable((value ?? []).join(","))} leaves nothing that this engine supports (${all.join(",")})`,
      );
    }
    return result;
  };
  const hasAuthority = knownFirst.some(isCertificateType);
  const hostKeys = pick(
    "HostKeyAlgorithms",
    config.hostKeyAlgorithms,
    hasAuthority ? [...certificateAlgorithms, ...preferredHostKeys] : preferredHostKeys,
    supported.hostKey,
  );
  return {
    kex: pick("KexAlgorithms", config.kexAlgorithms, supported.defaultKex, supported.kex),
    serverHostKey: putFirst(
      hasAuthority
        ? hostKeys
        : [
            ...hostKeys.filter((name) => !isCertificateType(name)),
            ...hostKeys.filter((name) => isCertificateType(name)),
          ],
      knownFirst,
    ),
    cipher: pick("Ciphers", config.ciphers, preferredCiphers, supported.cipher),
    hmac: pick("MACs", config.macs, supported.defaultMac, supported.mac),
    compress: config.compression ? ["zlib@openssh.com", "none"] : ["none", "zlib@openssh.com"],
  };
}

/** ssh_config(5), Ciphers: a leading `+`, `-` or `^` appends to, removes from, or moves to the front of the defaults. */
function resolveList(list: readonly string[] | undefined, defaults: readonly string[]): readonly string[] {
  const first = list?.[0];
  if (list === undefined || first === undefined) {
    return defaults;
  }
  const operator = first.charAt(0);
  const names = [first.slice(1), ...list.slice(1)];
  switch (operator) {
    case "+":
      return [...new Set([...defaults, ...names])];
    case "-":
      return defaults.filter((name) => !names.some((pattern) => matchPattern(name, pattern)));
    case "^":
      return [...new Set([...names, ...defaults])];
    default:
      return [...new Set(list)];
  }
}

/** Reorders only: a known key of a type that isn't offered doesn't add that type. */
function putFirst(offered: readonly string[], first: readonly string[]): readonly string[] {
  // An RSA key signs with any of these (RFC 8332).
  const wanted = first.flatMap((name) =>
    name === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", name] : name,
  );
  return [...new Set([...wanted.filter((name) => offered.includes(name)), ...offered])];
}
