/**
 * Characters that join with neither neighbour, unless the neighbour requires it (combining marks, ZWJ, variation
 * selectors, emoji modifiers, regional indicators, jamo, prepended marks: UAX #29). Between two of these a control
 * sequence changes nothing on the screen. The list need not be complete: a missing character only delays a mark.
 * Pairs of first and last code point, ascending.
 */
const narrow = [
  [0x20, 0x7e],
  [0xa1, 0xac],
  [0xae, 0x24f],
  [0x391, 0x3ff],
  [0x400, 0x481],
  [0x48a, 0x52f],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  // Box drawing and blocks.
  [0x2500, 0x259f],
  // Half width forms without the voiced sound marks.
  [0xff66, 0xff9d],
  // The replacement for undecodable bytes.
  [0xfffd, 0xfffd],
] as const;

const wide = [
  // CJK punctuation without the tone marks, kana without the combining voiced sound marks.
  [0x3000, 0x3029],
  [0x3041, 0x3096],
  [0x30a0, 0x30ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  // Hangul syllables.
  [0xac00, 0xd7a3],
  // Full width forms.
  [0xff01, 0xff60],
] as const;

export const standing = { joins: 0, aloneNarrow: 1, aloneWide: 2 } as const;
export type Standing = (typeof standing)[keyof typeof standing];

const table = new Uint8Array(0x10000);
for (const [first, last] of narrow) {
  table.fill(standing.aloneNarrow, first, last + 1);
}
for (const [first, last] of wide) {
  table.fill(standing.aloneWide, first, last + 1);
}

/** Whether a code unit of the basic plane joins. Surrogates join. */
export function standingOf(code: number): Standing {
  return (table[code] ?? standing.joins) as Standing;
}

/**
 * Whether the code point of a surrogate pair joins: pictographs except the skin tones, and rarer ideographs, do not.
 */
export function standingOfPair(high: number, low: number): Standing {
  const point = (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000;
  return (point >= 0x1f300 && point <= 0x1f3fa) ||
    (point >= 0x1f400 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x2fa1f)
    ? standing.aloneWide
    : standing.joins;
}
