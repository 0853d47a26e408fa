import { certificateFields, isCertificate } from "../../trust/certificate.ts";
import { publicKeyType } from "../../trust/publicKeyBlob.ts";

/**
 * What KnownHostsCommand prints for an accepted key, valid for any host name. For a certificate whose authority is
 * trusted it prints the plain key inside, which `ssh` falls back to (check_host_key in sshconnect.c).
 */
export function knownHostLines(key: Buffer): string {
  const plain = isCertificate(key) ? (certificateFields(key)?.plainKey ?? key) : key;
  return `* ${publicKeyType(plain)} ${plain.toString("base64")}`;
}
