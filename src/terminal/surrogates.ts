/** Whether a UTF-16 code unit is the first half of a character beyond the basic plane. NaN (past the end) is not. */
export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
