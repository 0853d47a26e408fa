import fc from "fast-check";

const ESC = "\u001b";

const word = fc.stringMatching(/^[ -~]{1,12}$/);
const newline = fc.constantFrom("\r\n", "\n", "\r", "\r\r\n", "\n\r");
const wide = fc.constantFrom(
  "日本語の文字",
  "漢字",
  "がぎぐ\u3099",
  "ｶﾞﾊﾟ",
  "한글",
  "\u1112\u1161\u11ab",
  "Ελληνικά",
  "Привет",
  "éàü",
  "€“”…",
);
const joining = fc.constantFrom(
  "e\u0301",
  "\u0301",
  "a\u0300\u0316\u0323",
  "👩‍👩‍👧‍👦",
  "👨🏽‍💻",
  "\u200d",
  "❤️",
  "\ufe0f",
  "🏳️‍🌈",
  "🇩🇪🇫🇷",
  "🇩",
  "1️⃣",
  "🏽",
  "😀😁",
  "नमस्ते",
  "\u0600a",
  "\u00ad",
  "𠀀𠀁",
);
const control = fc.constantFrom(
  "\t",
  "\b",
  "\u0007",
  "\u000b",
  "\u000c",
  "\u000e",
  "\u000f",
  "\u0000",
  "\u007f",
  "\u0018",
  "\u001a",
);
const number = fc.integer({ min: 0, max: 40 }).map(String);
const parameters = fc.array(number, { maxLength: 3 }).map((list) => list.join(";"));
const sgr = fc
  .array(
    fc.constantFrom(
      "0",
      "1",
      "2",
      "3",
      "4",
      "7",
      "9",
      "22",
      "27",
      "31",
      "39",
      "44",
      "49",
      "97",
      "38;5;120",
      "48;2;1;2;3",
      "4:3",
    ),
    {
      maxLength: 3,
    },
  )
  .map((list) => `${ESC}[${list.join(";")}m`);
const cursor = fc
  .tuple(parameters, fc.constantFrom(..."ABCDEFGHIJKLMPSTXZ`abdefgrsu@"))
  .map(([list, final]) => `${ESC}[${list}${final}`);
const repeat = fc.integer({ min: 1, max: 6 }).map((count) => `${ESC}[${count}b`);
/** Modes that leave the stream readable, including the alternate screen. */
const mode = fc
  .tuple(
    fc.constantFrom(
      "?1",
      "?6",
      "?7",
      "?25",
      "?45",
      "?47",
      "?1004",
      "?1047",
      "?1048",
      "?1049",
      "?2004",
      "?2026",
      "4",
      "20",
    ),
    fc.constantFrom("h", "l"),
  )
  .map(([code, set]) => `${ESC}[${code}${set}`);
const escapes = fc
  .constantFrom(
    "7",
    "8",
    "(0",
    "(B",
    ")0",
    "*A",
    "=",
    ">",
    "D",
    "E",
    "M",
    "H",
    "n",
    "o",
    "#8",
    "%G",
    "c",
    "\\",
    "N",
    "Z",
  )
  .map((rest) => ESC + rest);
const terminator = fc.constantFrom("\u0007", `${ESC}\\`, "\u009c", "\u0018");
const payload = fc.oneof(
  fc.stringMatching(/^[ -~]{0,30}$/),
  fc.constantFrom("título é", "日本", "a\nb\rc", ""),
);
const osc = fc
  .tuple(
    fc.constantFrom(
      "0;",
      "2;",
      "8;;https://example.org/",
      "8;;",
      "4;1;",
      "133;A",
      "133;D;0",
      "633;E;",
      "1337;",
      "x",
    ),
    payload,
    terminator,
  )
  .map(([head, body, end]) => `${ESC}]${head}${body}${end}`);
const dcs = fc
  .tuple(
    fc.constantFrom("", "0;1;8", "$", "+", "1$", "?1;<"),
    fc.constantFrom("q", "t", "p", "|"),
    payload,
    terminator,
  )
  .map(([head, final, body, end]) => `${ESC}P${head}${final}${body}${end}`);
const sixel = fc
  .tuple(fc.integer({ min: 1, max: 60 }), terminator)
  .map(([length, end]) => `${ESC}P0;0;0q"1;1;10;6#0;2;0;0;0${"#0~~@@vv$-".repeat(length)}${end}`);
const otherString = fc
  .tuple(fc.constantFrom("X", "^", "_", "_G"), payload, terminator)
  .map(([head, body, end]) => `${ESC}${head}${body}${end}`);
const c1 = fc.constantFrom(
  "\u009b31m",
  "\u009b2;3H",
  "\u009d0;title\u009c",
  "\u0090q~~\u009c",
  "\u0098ignored\u009c",
  "\u009fapc\u009c",
  "\u0085",
  "\u0084",
  "\u008d",
  "\u0088",
  "\u0080",
);
const query = fc
  .constantFrom("[5n", "[6n", "[c", "[>c", "[?2026$p", "[?25$p", "P$qm\u001b\\")
  .map((rest) => ESC + rest);
const malformed = fc.constantFrom(
  `${ESC}[1;2`,
  `${ESC}[?`,
  `${ESC}[1?2m`,
  `${ESC}[ 1m`,
  `${ESC}[1;é`,
  `${ESC}[31\nm`,
  `${ESC}[3${ESC}[1m`,
  `${ESC}${ESC}[1m`,
  `${ESC}é`,
  `${ESC}(é`,
  ESC,
  `${ESC}]0;unfinished`,
  `${ESC}P1;2;3`,
  `${ESC}Pé`,
  `${ESC}^é text`,
  `${ESC}]0;a\u0085b`,
);

/** Every family of sequences that a program can send, as text. */
export const pieces = fc.oneof(
  { weight: 8, arbitrary: word },
  { weight: 5, arbitrary: newline },
  { weight: 2, arbitrary: wide },
  { weight: 3, arbitrary: joining },
  { weight: 2, arbitrary: control },
  { weight: 2, arbitrary: sgr },
  { weight: 2, arbitrary: cursor },
  { weight: 2, arbitrary: repeat },
  { weight: 1, arbitrary: mode },
  { weight: 1, arbitrary: escapes },
  { weight: 2, arbitrary: osc },
  { weight: 1, arbitrary: dcs },
  { weight: 1, arbitrary: sixel },
  { weight: 1, arbitrary: otherString },
  { weight: 1, arbitrary: c1 },
  { weight: 1, arbitrary: query },
  { weight: 1, arbitrary: malformed },
);

const invalidBytes = fc.uint8Array({ min: 0x80, max: 0xff, minLength: 1, maxLength: 4 });

/** A stream as bytes, with some invalid UTF-8. */
export const byteStream = fc
  .array(
    fc.oneof(
      { weight: 30, arbitrary: pieces.map((text) => Buffer.from(text, "utf8")) },
      { weight: 1, arbitrary: invalidBytes },
    ),
    {
      minLength: 1,
      maxLength: 120,
      size: "max",
    },
  )
  .map((parts) => Buffer.concat(parts));

/** Sizes for splitting a stream, cycled; small ones split characters and sequences. */
export const chunkSizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 })),
  {
    minLength: 1,
    maxLength: 12,
  },
);

export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
