import { expect, test } from "vitest";
import { copyQuestion } from "../../../src/text/remoteClipboardText.ts";

test("the question shows only the beginning of the text, on one line", () => {
  expect(copyQuestion(`curl x\n${"y".repeat(500)}`, "web1")).toBe(
    `A program on "web1" wants to copy 507 characters to the clipboard: curl x\\u{a}${"y".repeat(73)}…`,
  );
});
