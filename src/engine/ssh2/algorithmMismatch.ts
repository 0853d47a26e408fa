import type { AlgorithmMismatch } from "../engineErrors.ts";
import type { ServerOffer } from "../transport/serverGreeting.ts";
import type { AlgorithmOffer } from "./algorithms.ts";
import { supported } from "./ssh2Internals.ts";

/** In the order in which RFC 4253 section 7.1 negotiates them. */
const kinds: readonly (readonly [
  kind: keyof AlgorithmOffer,
  keyword: AlgorithmMismatch["keyword"],
  all: readonly string[],
])[] = [
  ["kex", "KexAlgorithms", supported.kex],
  ["serverHostKey", "HostKeyAlgorithms", supported.hostKey],
  ["cipher", "Ciphers", supported.cipher],
  ["hmac", "MACs", supported.mac],
  ["compress", "Compression", ["none", "zlib@openssh.com"]],
];

/** Signals that are listed among the key exchange methods (RFC 8308 section 2.1, strict key exchange). */
const signals = /^(?:ext-info-|kex-strict-)/;

/** The first kind of algorithm without a common one. Undefined: both sides agree. */
export function algorithmMismatch(
  ours: AlgorithmOffer,
  theirs: ServerOffer,
  platform: NodeJS.Platform = process.platform,
): AlgorithmMismatch | undefined {
  const cipher = ours.cipher.find((name) => theirs.cipher.includes(name));
  // These ciphers include integrity, so that no MAC is negotiated (RFC 5647 section 5.1,
  // chacha20-poly1305@openssh.com).
  const needsMac = cipher === undefined || !/gcm|poly1305/.test(cipher);
  const lacking = kinds.find(
    ([kind]) =>
      (kind !== "hmac" || needsMac) &&
      !ours[kind].some((name) => theirs[kind].includes(name) && !signals.test(name)),
  );
  if (lacking === undefined) {
    return undefined;
  }
  const [kind, keyword, all] = lacking;
  const offered = theirs[kind].filter((name) => !signals.test(name));
  return {
    keyword,
    offered,
    allowable: offered.filter((name) => all.includes(name) && !ours[kind].includes(name)),
    // OpenSSH for Windows can't share a connection, so there is no other engine.
    ...(platform === "win32" && { isFinal: true }),
  };
}
