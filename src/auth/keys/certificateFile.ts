import { FileError } from "../../base/fileErrors.ts";
import type { LocalFiles } from "../../base/localFiles.ts";
import { type CertificateFields, isCertificate, readCertificate } from "../../trust/certificate.ts";
import { claimedKeyType, decodeBase64 } from "../../trust/publicKeyBlob.ts";
import { KeyFileError } from "../authErrors.ts";

/** A user certificate in a file. Short-lived ones may be renewed at any time, so it is read again for each login. */
export interface UserCertificate {
  readonly file: string;
  /** In wire format (OpenSSH's PROTOCOL.certkeys). */
  readonly blob: Buffer;
  readonly type: string;
  readonly fields: CertificateFields;
}

/** In bytes: a certificate with the most principals and options is shorter. */
const longestFile = 1024 * 1024;

/**
 * Reads `X-cert.pub`: one line, with optional comments and empty lines around it (sshkey_load_public in authfile.c).
 * @throws KeyFileError `missing`, `unreadable`, or `malformed` when it contains no complete user certificate.
 */
export async function readCertificateFile(file: string, files: LocalFiles): Promise<UserCertificate> {
  const error = (
    reason: "missing" | "unreadable" | "malformed",
    what: string,
    cause?: unknown,
  ): KeyFileError => new KeyFileError(reason, file, `${file}: ${what}`, { cause });
  let text: string;
  try {
    const { bytes = new Uint8Array(0) } = await files.read(file, longestFile);
    text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  } catch (cause) {
    if (!FileError.is(cause)) {
      throw cause;
    }
    throw cause.reason === "missing"
      ? error("missing", "there is no such certificate", cause)
      : error("unreadable", `the certificate can't be read, ${cause.what}`, cause);
  }
  const line = text.split("\n").find((one) => /^[ \t]*[^# \t\r]/.test(one)) ?? "";
  const [, type = "", base64 = ""] = /^[ \t]*([^ \t]+)[ \t]+([A-Za-z0-9+/]+=*)(?=\s|$)/.exec(line) ?? [];
  const blob = decodeBase64(base64);
  if (blob === undefined || claimedKeyType(blob) !== type || !isCertificate(blob)) {
    throw error("malformed", "it is not a certificate");
  }
  const fields = readCertificate(blob);
  if (fields === undefined) {
    throw error("malformed", "the certificate is damaged, or its authority has not signed it");
  }
  if (fields.kind !== "user") {
    throw error("malformed", "it is a certificate of a host, not of a user");
  }
  return { file, blob, type, fields };
}
