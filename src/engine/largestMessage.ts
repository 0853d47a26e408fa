/**
 * The largest message that a server takes, by its software. OpenSSH ends the connection above PACKET_MAX_SIZE (256 KiB,
 * packet.c), padding included; Dropbear above RECV_MAX_PAYLOAD_LEN (sysoptions.h). Others take at least what Dropbear
 * does (RFC 4253 section 6.1), and most of them what OpenSSH does.
 */
export function largestMessage(serverVersion: string): number {
  return /^dropbear/i.test(serverVersion) ? 32_768 : 256 * 1024 - 64;
}
