/** More rounds than any tool uses by default; a second or two of computing. */
const mostRounds = 10_000_000;

/** The algorithm in RFC 8018 has a nesting depth of 4. */
const deepest = 8;

/**
 * Whether an encrypted PKCS#8 block (RFC 5208 section 6) requires more rounds of key derivation than we allow:
 * OpenSSL computes them without interruption, and a file may require two billion. For every derivation, the number of
 * rounds is an INTEGER in the algorithm's parameters (RFC 8018 appendix A).
 */
export function asksForTooMuch(der: Buffer): boolean {
  const outer = element(der, 0);
  const algorithm = outer === undefined ? undefined : element(der, outer.start);
  return algorithm !== undefined && hasLargeInteger(der, algorithm.start, algorithm.end, 0);
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

function hasLargeInteger(der: Buffer, from: number, to: number, depth: number): boolean {
  for (let at = from; at < to; ) {
    const found = element(der, at);
    if (found === undefined || found.end > to) {
      return false;
    }
    const { tag, start, end } = found;
    if (tag === 0x02 && integerIsLarge(der.subarray(start, end))) {
      return true;
    }
    if (tag === 0x30 && depth < deepest && hasLargeInteger(der, start, end, depth + 1)) {
      return true;
    }
    at = end;
  }
  return false;
}

function integerIsLarge(bytes: Buffer): boolean {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? bytes.subarray(0, 0) : bytes.subarray(first);
  return digits.length > 4 || (digits.length > 0 && digits.readUIntBE(0, digits.length) > mostRounds);
}

/** The element of DER (ITU-T X.690 section 8.1) at `at`; undefined when it is cut short. */
function element(der: Buffer, at: number): Element | undefined {
  const tag = der[at];
  const length = der[at + 1];
  if (tag === undefined || length === undefined) {
    return undefined;
  }
  const bytes = length < 0x80 ? 0 : length & 0x7f;
  const start = at + 2 + bytes;
  if (bytes > 4 || start > der.length) {
    return undefined;
  }
  const end = start + (bytes === 0 ? length : der.readUIntBE(at + 2, bytes));
  return end > der.length ? undefined : { tag, start, end };
}
