import { certificateFields, isCertificate } from "../../trust/certificate.ts";
import { formatLine } from "../../trust/knownHostLine.ts";
import { claimedKeyType } from "../../trust/publicKeyBlob.ts";

/**
 * What KnownHostsCommand prints for an accepted key, valid for any host name. For a certificate whose authority is
 * trusted it prints the plain key inside, which `ssh` falls back to (check_host_key in sshconnect.c).
 */
export function acceptedKeyLine(accepted: Buffer): string {
  const key = isCertificate(accepted) ? (certificateFields(accepted)?.plainKey ?? accepted) : accepted;
  return formatLine("*", { type: claimedKeyType(key), key });
}
