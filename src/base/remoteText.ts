/**
 * Decodes text of a peer: UTF-8, as SSH requires (RFC 4251 section 5), or ISO-8859-1, which many devices send.
 * @param isCut the bytes may end within a character, which is then left out.
 */
export function remoteText(bytes: Uint8Array, isCut = false): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }
}
