import { certificateFields, isCertificate } from "../../trust/certificate.ts";
import { publicKeyType } from "../../trust/publicKeyBlob.ts";

/**
 * What KnownHostsCommand prints for a key that has been accepted: it stands for any name. In place of a certificate that
 * its authority vouches for stands the plain key in it, to which `ssh` goes back (check_host_key in sshconnect.c).
 */
export function knownHostLines(key: Buffer): string {
  const plain = isCertificate(key) ? (certificateFields(key)?.plainKey ?? key) : key;
  return `* ${publicKeyType(plain)} ${plain.toString("base64")}`;
}
