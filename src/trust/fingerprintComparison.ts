import { createHash } from "node:crypto";
import { claimedKeyType, decodeBase64, sha256Fingerprint } from "./publicKeyBlob.ts";

export type FingerprintComparison = "matches" | "differs" | "no-fingerprint";

/** In characters. Longer text can't be a fingerprint or a key; a line with an RSA key of 16384 bits is shorter. */
const longestText = 8192;

/**
 * Compares a text that the user has with a server's key. The text may be a fingerprint as `ssh-keygen -l` prints it
 * (SHA256 in base64 or MD5 in hexadecimal digits, with or without its name, alone or in its line), or a public key in
 * a line of known_hosts or a `.pub` file. If the text holds several, all of them must match.
 */
export function compareFingerprint(given: string, key: Buffer): FingerprintComparison {
  if (given.length > longestText) {
    return "no-fingerprint";
  }
  const verdicts = given
    .split(/\s+/)
    .map((word) => compareWord(word.replace(/[.,;]$/, ""), key))
    .filter((verdict) => verdict !== undefined);
  if (verdicts.length === 0) {
    return "no-fingerprint";
  }
  return verdicts.every((same) => same) ? "matches" : "differs";
}

/** Undefined: the word is neither a fingerprint nor a key. */
function compareWord(word: string, key: Buffer): boolean | undefined {
  const sha256 = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/.exec(word)?.[1];
  if (sha256 !== undefined) {
    return `SHA256:${sha256}` === sha256Fingerprint(key);
  }
  const md5 = /^(?:MD5:)?((?:[0-9a-f]{2}:){15}[0-9a-f]{2}|[0-9a-f]{32})$/i.exec(word)?.[1];
  if (md5 !== undefined) {
    return md5.replaceAll(":", "").toLowerCase() === createHash("md5").update(key).digest("hex");
  }
  const blob = word.startsWith("AAAA") ? decodeBase64(word) : undefined;
  return blob === undefined || claimedKeyType(blob) === "" ? undefined : blob.equals(key);
}
