import { ConnectError } from "../../engineErrors.ts";

/** Message numbers that the transport layer handles (RFC 4250 section 4.1.2). */
export const message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  serviceAccept: 6,
  extInfo: 7,
  success: 52,
  banner: 53,
} as const;

/** Message numbers of the login and of the connection protocol (RFC 4250 section 4.1.2). */
export const isLogin = (type: number): boolean => type >= 50 && type < 80;
export const isConnection = (type: number): boolean => type >= 80 && type < 128;

/** Messages that a client only sends, and numbers without a meaning in ssh2. */
export const clientOnly: ReadonlySet<number> = new Set([5, 50, 61]);

/** The code of our DISCONNECT. RFC 4253 section 11.1: KEY_EXCHANGE_FAILED, PROTOCOL_VERSION_NOT_SUPPORTED, else PROTOCOL_ERROR. */
export function disconnectCode(error: Error): number {
  const reason = ConnectError.is(error) ? error.reason : undefined;
  return reason === "no-common-algorithm" ? 3 : reason === "protocol-version" ? 8 : 2;
}
