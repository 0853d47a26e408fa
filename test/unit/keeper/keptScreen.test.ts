import xterm from "@xterm/headless";
import { describe, expect, test, vi } from "vitest";
import { KeptScreen, unfinishedCharacter } from "../../../src/keeper/keptScreen.ts";
import { Screen } from "../terminal/support/screen.ts";

const ESC = "\u001b";

/** What a terminal shows that is attached after `before` and gets `after` itself. */
async function attached(before: string | Buffer, after = ""): Promise<Screen> {
  const kept = new KeptScreen({ columns: 40, rows: 12 });
  kept.write(Buffer.from(before), () => {});
  const screen = new Screen();
  // Its window has written something already.
  await screen.write("Connecting to web1…\r\n");
  const snapshot = await kept.snapshot();
  await new Promise<void>((resolve) =>
    screen.terminal.write(Buffer.concat([snapshot, Buffer.from(after)]), resolve),
  );
  kept.dispose();
  return screen;
}

async function always(output: string): Promise<Screen> {
  const screen = new Screen();
  await screen.write(output);
  return screen;
}

describe("the screen of a kept session", () => {
  test.each([
    ["a prompt", "lab> "],
    ["lines above the screen", Array.from({ length: 40 }, (_, at) => `line ${at}`).join("\r\n")],
    ["colours", `${ESC}[31mred ${ESC}[1;44mbold${ESC}[0m plain`],
    ["a full screen program", `shell\r\n${ESC}[?1049h${ESC}[2J${ESC}[3;5Hedit${ESC}[12;1Hstatus${ESC}[5;7H`],
    ["wide characters and emoji", "漢字 👩‍💻 é\r\nnext"],
    ["modes", `${ESC}[?1h${ESC}[?2004h${ESC}[?1000h${ESC}[4h`],
  ])("shows %s as a terminal that was always there", async (_, output) => {
    const [late, early] = [await attached(output, "\r\nmore"), await always(`${output}\r\nmore`)];
    expect(late.text()).toBe(early.text());
    expect(late.terminal.modes).toEqual(early.terminal.modes);
    const { cursorX, cursorY } = late.terminal.buffer.active;
    expect([cursorX, cursorY]).toEqual([
      early.terminal.buffer.active.cursorX,
      early.terminal.buffer.active.cursorY,
    ]);
  });

  test.each([
    ["a control sequence", `one ${ESC}[3`, "1mtwo"],
    ["a title", `${ESC}]0;bui`, "ld\u0007done"],
  ])("continues %s that was cut off", async (_, before, after) => {
    const [late, early] = [await attached(before, after), await always(before + after)];
    expect(late.dump()).toBe(early.dump());
  });

  test("continues a character that was cut off", async () => {
    const bytes = Buffer.from("a€");
    for (const cut of [2, 3]) {
      const kept = new KeptScreen({ columns: 40, rows: 12 });
      kept.write(bytes.subarray(0, cut), () => {});
      const snapshot = await kept.snapshot();
      const screen = new Screen();
      await new Promise<void>((resolve) =>
        screen.terminal.write(Buffer.concat([snapshot, bytes.subarray(cut)]), resolve),
      );
      expect(screen.text()).toBe("a€");
    }
  });

  test("keeps margins, with the cursor where it was", async () => {
    const output = `${ESC}[2;4r${ESC}[3;6Hx`;
    const more = "\n\n\n\nbottom";
    expect((await attached(output, more)).text()).toBe((await always(output + more)).text());
  });

  test("sends the modes that the serializer leaves out, until a reset", async () => {
    const kept = new KeptScreen({ columns: 40, rows: 12 });
    kept.write(
      Buffer.from(`${ESC}[?25l${ESC}[?1006h${ESC}[4 q${ESC}]0;title\u0007${ESC}]7;file://h/tmp\u0007`),
      () => {},
    );
    const before = (await kept.snapshot()).toString();
    for (const part of ["[?25l", "[?1006h", "[4 q", "]0;title\u0007", "]7;file://h/tmp\u0007"]) {
      expect(before).toContain(`${ESC}${part}`);
    }
    kept.write(Buffer.from(`${ESC}c`), () => {});
    expect((await kept.snapshot()).toString()).not.toMatch(/\?25|\?1006| q/);
  });

  test("is drawn anew in the size of the next window", async () => {
    const kept = new KeptScreen({ columns: 10, rows: 12 });
    // The line of the cursor is left to the program.
    kept.write(Buffer.from("0123456789abcdef\r\n$ "), () => {});
    await kept.snapshot();
    kept.resize({ columns: 40, rows: 12 });
    kept.resize({ columns: 0, rows: 12 });
    const screen = new Screen();
    await screen.write((await kept.snapshot()).toString());
    expect(screen.text()).toBe("0123456789abcdef\n$");
  });

  test.each([
    ["", ""],
    ["61", ""],
    ["c3a9", ""],
    ["61c3", "c3"],
    ["e282", "e282"],
    ["61f09f98", "f09f98"],
    ["808080", ""],
    ["61c1", ""],
  ])("of the bytes %s, %s begin a character", (bytes, expected) => {
    expect(unfinishedCharacter(Buffer.from(bytes, "hex")).toString("hex")).toBe(expected);
  });

  test("endless combining marks take no memory, and some of them stay", async () => {
    const kept = new KeptScreen({ columns: 40, rows: 12 });
    kept.write(Buffer.from(`e\u0301x${"\u0301".repeat(100_000)}`), () => {});
    kept.write(Buffer.from(`${"\u200d".repeat(100_000)}y`), () => {});
    const text = (await kept.snapshot()).toString();
    expect(text).toContain("e\u0301x\u0301");
    expect(text).toContain("y");
    expect(text.length).toBeLessThan(500);
    kept.dispose();
  });

  test("an endless title and working directory are not kept", async () => {
    const kept = new KeptScreen({ columns: 40, rows: 12 });
    kept.write(
      Buffer.from(`${ESC}]0;${"t".repeat(50_000)}\u0007${ESC}]7;${"d".repeat(50_000)}\u0007ok`),
      () => {},
    );
    const text = (await kept.snapshot()).toString();
    expect(text).toContain("ok");
    expect(text.length).toBeLessThan(500);
    kept.dispose();
  });

  test("a link of nine megabytes costs no time and no memory", async () => {
    const kept = new KeptScreen({ columns: 40, rows: 12 });
    const from = process.cpuUsage();
    const link = Buffer.from(`${ESC}]8;;${"u".repeat(9_000_000)}\u0007link${ESC}]8;;\u0007`);
    for (let at = 0; at < link.length; at += 32_768) {
      kept.write(link.subarray(at, at + 32_768), () => {});
    }
    const text = (await kept.snapshot()).toString();
    expect(text).toContain("link");
    expect(text.length).toBeLessThan(500);
    // Of the processor, not of the clock: the machine may be busy.
    expect(process.cpuUsage(from).user).toBeLessThan(5_000_000);
    kept.dispose();
  });

  test("goes on empty after its terminal has failed, and reports what it never read as read", async () => {
    const kept = new KeptScreen({ columns: 40, rows: 12 });
    kept.write(Buffer.from("before"), () => {});
    await kept.snapshot();
    const { parsed } = kept;
    // After an error in its parser, a terminal calls nobody back.
    const write = vi.spyOn(xterm.Terminal.prototype, "write").mockImplementation(() => {});
    let read = 0;
    kept.write(Buffer.from("lost"), () => read++);
    const snapshot = kept.snapshot();
    write.mockRestore();
    expect([kept.isStuckSince(parsed), kept.unparsed, read]).toEqual([true, 4, 0]);
    kept.restart();
    expect([kept.isStuckSince(parsed), kept.unparsed, read]).toEqual([false, 0, 1]);
    expect((await snapshot).toString()).not.toMatch(/before|lost/);
    kept.write(Buffer.from("after"), () => read++);
    expect((await kept.snapshot()).toString()).toContain("after");
    expect([kept.isStuckSince(kept.parsed), read]).toEqual([false, 2]);
    kept.dispose();
  });

  test.each([Number.NaN, 0, -1, 1.5, 1e9])("a size of %d is not taken", async (columns) => {
    const kept = new KeptScreen({ columns, rows: 24 });
    kept.resize({ columns, rows: columns });
    kept.write(Buffer.from("ok"), () => {});
    expect((await kept.snapshot()).toString()).toContain("ok");
    kept.dispose();
  });
});
