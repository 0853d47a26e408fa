import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EncodingError, loadTextCodec, utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { chunkSizes, cut } from "./support/streams.ts";

const seed = 20240612;

function decodeInChunks(codec: typeof utf8Codec, bytes: Uint8Array, sizes: readonly number[]): string {
  const decoder = codec.createDecoder();
  return cut(bytes, sizes)
    .map((chunk) => decoder.write(chunk))
    .concat(decoder.end())
    .join("");
}

describe("UTF-8", () => {
  test("any bytes decode the same however they are split, and text never ends in half a surrogate pair", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), chunkSizes, (bytes, sizes) => {
        const decoder = utf8Codec.createDecoder();
        for (const chunk of cut(bytes, sizes)) {
          expect(decoder.write(chunk)).not.toMatch(/[\ud800-\udbff]$/);
        }
        expect(decodeInChunks(utf8Codec, bytes, sizes)).toBe(Buffer.from(bytes).toString("utf8"));
      }),
      { seed },
    );
  });

  test("four bytes of an emoji in four chunks are one emoji", () => {
    expect(decodeInChunks(utf8Codec, Buffer.from("a😀b"), [1])).toBe("a😀b");
  });

  test.each([
    ["a byte that starts no character", [0x61, 0xff, 0x62], "a\ufffdb"],
    ["a continuation byte alone", [0x80, 0x61], "\ufffda"],
    ["an overlong slash", [0xc0, 0xaf], "\ufffd\ufffd"],
    ["a UTF-8 surrogate", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    ["a character cut off by a newline", [0xe2, 0x82, 0x0a], "\ufffd\n"],
    ["a character cut off by the end", [0xe2, 0x82], "\ufffd"],
    ["latin 1", [0x63, 0x61, 0x66, 0xe9, 0x0a], "caf\ufffd\n"],
  ])("%s becomes U+FFFD", (_name, bytes, shown) => {
    expect(decodeInChunks(utf8Codec, Uint8Array.from(bytes), [1])).toBe(shown);
    expect(decodeInChunks(utf8Codec, Uint8Array.from(bytes), [100])).toBe(shown);
  });

  test("a surrogate pair in two inputs is sent as one character", () => {
    const encoder = utf8Codec.createEncoder();
    const [high, low] = ["😀".charAt(0), "😀".charAt(1)];
    const sent = Buffer.concat([encoder.write(`a${high}`), encoder.write(`${low}b`)]);
    expect(sent.toString("utf8")).toBe("a😀b");
  });
});

describe("other encodings", () => {
  test.each([
    ["iso-8859-1", "caf\u00e9", [0x63, 0x61, 0x66, 0xe9]],
    ["ISO-8859-15", "€", [0xa4]],
    ["windows-1251", "Привет", [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]],
    ["koi8-r", "Привет", [0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]],
    ["shift_jis", "日本", [0x93, 0xfa, 0x96, 0x7b]],
    ["euc-jp", "日本", [0xc6, 0xfc, 0xcb, 0xdc]],
    ["gbk", "中文", [0xd6, 0xd0, 0xce, 0xc4]],
    ["gb18030", "😀", [0x94, 0x39, 0xfc, 0x36]],
    ["big5", "中文", [0xa4, 0xa4, 0xa4, 0xe5]],
    ["euc-kr", "한글", [0xc7, 0xd1, 0xb1, 0xdb]],
    ["cp437", "é═", [0x82, 0xcd]],
  ])("%s in both directions, split at every byte", async (name, text, bytes) => {
    const codec = await loadTextCodec(name);
    expect(decodeInChunks(codec, Uint8Array.from(bytes), [1])).toBe(text);
    expect([...codec.createEncoder().write(text)]).toEqual(bytes);
  });

  test.each(["utf-8", "UTF8", "utf8", ""])("%j is the built-in UTF-8", async (name) => {
    expect(await loadTextCodec(name)).toBe(utf8Codec);
  });

  test.each([
    ["klingon", "unknown"],
    ["utf-16le", "not-ascii-compatible"],
    ["utf-7", "not-ascii-compatible"],
    ["base64", "not-ascii-compatible"],
    ["hex", "not-ascii-compatible"],
  ])("%s is refused as %s", async (name, reason) => {
    const error = await loadTextCodec(name).catch((thrown: unknown) => thrown);
    expect(EncodingError.is(error) && error.reason).toBe(reason);
  });

  test.each(["shift_jis", "gbk", "gb18030", "big5", "euc-kr", "koi8-r"])(
    "%s: any bytes decode the same however they are split",
    async (name) => {
      const codec = await loadTextCodec(name);
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), chunkSizes, (bytes, sizes) => {
          expect(decodeInChunks(codec, bytes, sizes)).toBe(decodeInChunks(codec, bytes, [1000]));
        }),
        { seed },
      );
    },
  );

  test("an escape sequence right after a cut-off double byte character survives", async () => {
    const codec = await loadTextCodec("shift_jis");
    expect(decodeInChunks(codec, Uint8Array.from([0x93, 0x1b, 0x5b, 0x6d]), [1])).toMatch(/\u001b\[m$/);
  });
});
