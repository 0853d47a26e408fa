import { describe, expect, test } from "vitest";
import { WireReader, wireBoolean, wireMpint, wireString, wireUint32 } from "../../../src/base/wire.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("the data types of RFC 4251 section 5", () => {
  test.each([
    ["0", "00", "00 00 00 00"],
    ["9a378f9b2e332a7", "09a378f9b2e332a7", "00 00 00 08 09 a3 78 f9 b2 e3 32 a7"],
    ["80", "80", "00 00 00 02 00 80"],
    ["a padded number", "000080", "00 00 00 02 00 80"],
  ])("mpint %s is written as in the RFC", (_, magnitude, wire) => {
    expect(wireMpint(hex(magnitude)).toString("hex")).toBe(hex(wire).toString("hex"));
  });

  test("mpint is read as its magnitude, and a negative one is refused", () => {
    expect(new WireReader(hex("00 00 00 02 00 80")).mpint()?.toString("hex")).toBe("80");
    expect(new WireReader(hex("00 00 00 00")).mpint()).toHaveLength(0);
    expect(new WireReader(hex("00 00 00 02 ed cc")).mpint()).toBeUndefined();
  });

  test.each([
    [[], "00 00 00 00"],
    [["zlib"], "00 00 00 04 7a 6c 69 62"],
    [["zlib", "none"], "00 00 00 09 7a 6c 69 62 2c 6e 6f 6e 65"],
  ])("name-list %j is read as in the RFC", (names, wire) => {
    expect(new WireReader(hex(wire)).nameList()).toEqual(names);
  });

  test("strings, numbers and booleans are read as they were written", () => {
    const reader = new WireReader(
      Buffer.concat([
        wireString("tästing"),
        wireString(Buffer.of(0, 255)),
        wireUint32(0xffff_ffff),
        wireBoolean(true),
        wireBoolean(false),
        hex("01 00 00 00 00 00 00 02"),
        hex("07 08"),
      ]),
    );
    expect(reader.text()).toBe("tästing");
    expect(reader.string()).toEqual(Buffer.of(0, 255));
    expect(reader.uint32()).toBe(0xffff_ffff);
    expect([reader.boolean(), reader.boolean()]).toEqual([true, false]);
    expect(reader.uint64()).toBe(0x0100_0000_0000_0002n);
    expect(reader.byte()).toBe(7);
    expect([reader.rest(), reader.left]).toEqual([Buffer.of(8), 1]);
  });

  test("truncated values are undefined, and a length is not trusted", () => {
    for (const wire of ["", "00 00 00", "00 00 00 05 61", "ff ff ff ff 61"]) {
      const read = (): WireReader => new WireReader(hex(wire));
      expect(read().string(), wire).toBeUndefined();
      expect(read().text(), wire).toBeUndefined();
      expect(read().nameList(), wire).toBeUndefined();
      expect(read().mpint(), wire).toBeUndefined();
    }
    expect(new WireReader(hex("00 00 00")).uint32()).toBeUndefined();
    expect(new WireReader(hex("00 00 00 00")).uint64()).toBeUndefined();
    expect(new WireReader(hex("")).byte()).toBeUndefined();
    expect(new WireReader(hex("")).boolean()).toBeUndefined();
  });

  test.each([-1, 2 ** 32])("%d is no uint32 and is not written", (value) => {
    expect(() => wireUint32(value)).toThrow(RangeError);
  });
});
