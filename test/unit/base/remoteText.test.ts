import { expect, it } from "vitest";
import { remoteText } from "../../../src/base/remoteText.ts";

it("is UTF-8 if valid, otherwise ISO-8859-1", () => {
  for (const text of ["", "größe ✓", "\ufeffmark", "😀"]) {
    expect(remoteText(Buffer.from(text))).toBe(text);
  }
  // Its last byte starts a three-byte character in UTF-8.
  for (const text of ["für", "Accès autorisé", "\u00a9"]) {
    expect(remoteText(Buffer.from(text, "latin1"))).toBe(text);
  }
});

it("omits an incomplete character at the cut", () => {
  for (const missing of [1, 2, 3]) {
    expect(remoteText(Buffer.from("größe 😀").subarray(0, -missing), true)).toBe("größe ");
  }
});
