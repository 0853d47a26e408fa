import { expect, test } from "vitest";
import { parseRekeyLimit } from "../../../src/config/rekeyLimit.ts";

test.each([
  ["default none", {}],
  ["0 0", {}],
  ["1G", { bytes: 2 ** 30 }],
  ["500k 1h", { bytes: 512_000, seconds: 3_600 }],
  ["1048576 3600", { bytes: 1_048_576, seconds: 3_600 }],
  ["default 30m", { seconds: 1_800 }],
  ["16 none", { bytes: 16 }],
  ["15", {}],
  ["", {}],
  ["nonsense nonsense", {}],
  [" 1G  1h ", { bytes: 2 ** 30, seconds: 3_600 }],
  ["1g NONE", { bytes: 2 ** 30 }],
  ["x1G", {}],
  ["1Gx", {}],
  ["1G x", { bytes: 2 ** 30 }],
])("RekeyLimit %s", (text, expected) => {
  expect(parseRekeyLimit(text)).toEqual(expected);
});
