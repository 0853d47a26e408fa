import { describe, expect, test } from "vitest";
import { LocalLine } from "../../../src/terminal/localLine.ts";

describe("line editing for a session without a pty", () => {
  test("characters are echoed, and sent with the line", () => {
    const line = new LocalLine();
    expect(line.input("ls")).toEqual({ echo: "ls", send: "", eof: false, interrupt: false });
    expect(line.input("\r")).toMatchObject({ echo: "\r\n", send: "ls\n" });
  });

  test("backspace and Ctrl+U delete characters, and never more than there are", () => {
    const line = new LocalLine();
    expect(line.input("a\u{1f600}b").echo).toBe("a\u{1f600}b");
    expect(line.input("\u007f\u007f").echo).toBe("\b \b\b \b");
    expect(line.input("bc\u0015\u007f").echo).toBe("bc\b \b\b \b\b \b");
    expect(line.input("x\r").send).toBe("x\n");
  });

  test("Ctrl+D ends the input on an empty line, and sends the line otherwise", () => {
    const line = new LocalLine();
    expect(line.input("ab\u0004")).toMatchObject({ send: "ab", eof: false });
    expect(line.input("\u0004")).toMatchObject({ send: "", eof: true });
  });

  test("Ctrl+C drops the line", () => {
    const line = new LocalLine();
    expect(line.input("rm\u0003")).toMatchObject({ echo: "rm^C\r\n", send: "", interrupt: true });
    expect(line.input("\r").send).toBe("\n");
  });

  test("a paste of several lines is sent as lines; arrow keys and replies to queries are dropped", () => {
    const line = new LocalLine();
    expect(line.input("a\r\nb\rc").send).toBe("a\nb\n");
    expect(line.input("\u001b[A").echo).toBe("");
    expect(line.input("\u001b]10;rgb:00/00/00\u001b\\").send).toBe("");
  });

  test("a line has a maximum length", () => {
    const line = new LocalLine();
    line.input("x".repeat(10_000));
    expect(line.input("\r").send).toHaveLength(4097);
  });

  test("output ends its lines as a terminal needs it", () => {
    expect(new LocalLine().output("a\nb\r\n")).toBe("a\r\nb\r\n");
  });
});
