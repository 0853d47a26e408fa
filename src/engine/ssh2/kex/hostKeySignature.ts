import { WireReader } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import { keyParser, utils } from "../ssh2Protocol.ts";
import { malformed } from "./keyAgreement.ts";

/** RFC 8332: an `ssh-rsa` key signs under these names; otherwise the key's type is the signature's name. */
const rsaHashes: Readonly<Record<string, string>> = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };

/**
 * Checks that the holder of `hostKey` has signed the exchange hash with the algorithm that was agreed on.
 * @throws ConnectError `protocol`
 */
export function verifyHostKeySignature(
  hostKey: Buffer,
  signature: Buffer,
  exchangeHash: Buffer,
  algorithm: string,
): void {
  const keyReader = new WireReader(hostKey);
  const type = keyReader.string()?.toString("latin1");
  const hash = Object.hasOwn(rsaHashes, algorithm) ? rsaHashes[algorithm] : undefined;
  if (type === undefined || type !== (hash === undefined ? algorithm : "ssh-rsa")) {
    throw new ConnectError("protocol", "The server's host key is of another type than agreed");
  }
  const signatureReader = new WireReader(signature);
  const name = signatureReader.string()?.toString("latin1");
  const bytes = signatureReader.string();
  if (name !== algorithm || bytes === undefined || signatureReader.left > 0) {
    throw malformed("signature");
  }
  if (!isSignedBy(keyReader.rest(), type, bytes, exchangeHash, hash)) {
    throw new ConnectError("protocol", "The server's signature is wrong: it doesn't hold its host key");
  }
}

function isSignedBy(
  fields: Buffer,
  type: string,
  signature: Buffer,
  data: Buffer,
  hash: string | undefined,
): boolean {
  try {
    const encoded = utils.sigSSHToASN1(signature, type);
    const key = keyParser.parseDERKey(fields, type);
    return encoded !== undefined && !(key instanceof Error) && key.verify(data, encoded, hash) === true;
  } catch {
    // Numbers that no key or signature can have.
    return false;
  }
}
