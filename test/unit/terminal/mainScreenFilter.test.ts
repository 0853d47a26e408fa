import { describe, expect, test } from "vitest";
import { MainScreenFilter } from "../../../src/terminal/mainScreenFilter.ts";

const esc = "\u001b";

function filterAll(chunks: readonly string[]): string {
  const filter = new MainScreenFilter();
  return chunks.map((chunk) => filter.filter(chunk)).join("");
}

describe("the filter that keeps a program on the main screen", () => {
  test("removes the switches of every terminal type, and nothing else", () => {
    const others = `${esc}[?25h${esc}[?1049$p${esc}[1049h${esc}[?10490h${esc}[?2004hls${esc}[0m${esc}]0;a${esc}\\`;
    expect(
      filterAll([`a${esc}[?1049h${others}${esc}[?47h${esc}[?47l${esc}[?1047h${esc}[?1047lb${esc}[?1049l`]),
    ).toBe(`a${others}b`);
  });

  test("finds them wherever the output is split", () => {
    const all = `one${esc}[?1049h${esc}[22;0;0ttwo${esc}[?1${esc}[?1049l${esc}[mthree`;
    const cuts = Array.from({ length: all.length }, (_, at) => [all.slice(0, at), all.slice(at)]);
    for (const chunks of [...cuts, Array.from(all)]) {
      expect(filterAll(chunks)).toBe(`one${esc}[22;0;0ttwo${esc}[?1${esc}[mthree`);
    }
  });

  test("holds back only the start of a switch", () => {
    expect(new MainScreenFilter().filter(`lab> ${esc}[1`)).toBe(`lab> ${esc}[1`);
    expect(new MainScreenFilter().filter(`lab> ${esc}[?10`)).toBe("lab> ");
  });
});
