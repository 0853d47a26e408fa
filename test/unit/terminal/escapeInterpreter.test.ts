import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EscapeInterpreter, parseEscapeCharacter } from "../../../src/terminal/escapeInterpreter.ts";

/** Key by key; the sent text, with actions in angle brackets. */
function keys(typed: string, escapeCharacter = "~"): string {
  const interpreter = new EscapeInterpreter(escapeCharacter);
  return [...typed].map((key) => run(interpreter, key)).join("");
}

function run(interpreter: EscapeInterpreter, input: string): string {
  return interpreter
    .interpret(input)
    .map((step) => (step.kind === "send" ? step.text : `<${step.action} ${step.key}>`))
    .join("");
}

describe("keys typed one by one", () => {
  test.each([
    ["the start counts as a newline", "~.", "<terminate .>"],
    ["after Enter", "ls\r~.", "ls\r<terminate .>"],
    ["after a line feed", "ls\n~.", "ls\n<terminate .>"],
    ["not in the middle of a line", "ls~.", "ls~."],
    ["not after a space", " ~.", " ~."],
    ["twice sends one", "~~", "~"],
    ["twice, and then a nested ssh gets its own", "\r~~.", "\r~."],
    ["three times sends two", "~~~", "~~"],
    ["an unknown key sends both", "~x", "~x"],
    ["an unknown key ends the line start", "~x~.", "~x~."],
    ["a newline after it counts again", "~\r~.", "~\r<terminate .>"],
    ["a command keeps the line start", "~#~.", "<list-channels #><terminate .>"],
    [
      "all commands",
      "~.~B~C~I~R~v~V~#~&~?~\u001a",
      "<terminate .><break B><command-line C><info I><rekey R><more-verbose v><less-verbose V><list-channels #><background &><help ?><suspend ^Z>",
    ],
    ["case counts", "~b~c", "~b~c"],
    ["backspace over the escape does not cancel it", "~\u007f", "~\u007f"],
    ["Ctrl+C after it sends both", "~\u0003", "~\u0003"],
    ["a character after the newline", "\ra~.", "\ra~."],
    ["many newlines", "\r\r\n~.", "\r\r\n<terminate .>"],
    ["non-ASCII after it", "~é", "~é"],
  ])("%s", (_name, typed, sent) => {
    expect(keys(typed)).toBe(sent);
  });

  test("another escape character, a control character, and one that is a command itself", () => {
    expect(keys("%.~.", "%")).toBe("<terminate .>~.");
    expect(keys("\u001d.", "\u001d")).toBe("<terminate .>");
    expect(keys("..", ".")).toBe("<terminate .>");
    expect(keys("\u001a\u001a", "\u001a")).toBe("<suspend ^Z>");
    expect(keys("\r\r.", "\r")).toBe("\r.");
  });

  test("none interprets nothing", () => {
    expect(keys("~.\r~~\r~?", "")).toBe("~.\r~~\r~?");
  });
});

describe("pasted text", () => {
  test.each([
    ["a paste", ["\r", "~.\r"], "\r~.\r"],
    ["a paste of several lines", ["a\r~.\r~#\r"], "a\r~.\r~#\r"],
    ["a bracketed paste", ["\u001b[200~~.\r\u001b[201~"], "\u001b[200~~.\r\u001b[201~"],
    ["a bracketed paste in parts", ["\u001b[200~\r", "~", ".", "\u001b[201~"], "\u001b[200~\r~.\u001b[201~"],
    ["a paste of exactly two characters", ["~."], "~."],
  ])("%s triggers nothing and is sent unchanged", (_name, inputs, sent) => {
    const interpreter = new EscapeInterpreter("~");
    expect(inputs.map((input) => run(interpreter, input)).join("")).toBe(sent);
  });

  test("that ends with a newline is followed by escapes, other text is not", () => {
    const interpreter = new EscapeInterpreter("~");
    expect(run(interpreter, "one\rtwo\r") + run(interpreter, "~") + run(interpreter, "#")).toBe(
      "one\rtwo\r<list-channels #>",
    );
    expect(run(interpreter, "three") + run(interpreter, "~") + run(interpreter, "#")).toBe("three~#");
  });

  test("after a bracketed paste single keys count again", () => {
    const interpreter = new EscapeInterpreter("~");
    run(interpreter, "\u001b[200~x\u001b[201~");
    expect(run(interpreter, "\r") + run(interpreter, "~") + run(interpreter, ".")).toBe("\r<terminate .>");
  });

  test("after a pending escape is sent whole after it", () => {
    const interpreter = new EscapeInterpreter("~");
    expect(run(interpreter, "~") + run(interpreter, "~.")).toBe("~~.");
  });
});

test("only text that is part of an escape is held back, whatever is typed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "\r", "\n", "~", ".x", "?", "\u001b[A", "é", "\u0003")),
      (inputs) => {
        const interpreter = new EscapeInterpreter("~");
        const sent = inputs.map((input) => run(interpreter, input)).join("") + run(interpreter, "z");
        // Return what was held: `~?` was a command, `~~` is one.
        const expected = `${inputs.join("")}z`;
        const collapse = (text: string): string => text.replace(/~/g, "").replace(/<help \?>/g, "?");
        expect(collapse(sent)).toBe(collapse(expected));
      },
    ),
    { seed: 20240614, numRuns: 500 },
  );
});

describe("EscapeChar", () => {
  test.each([
    ["~", "~"],
    ["none", ""],
    ["%", "%"],
    ["^", "^"],
    ["^]", "\u001d"],
    ["^@", "\u0000"],
    ["^a", "\u0001"],
    ["^A", "\u0001"],
    ["^?", undefined],
    ["^1", undefined],
    ["ab", undefined],
    ["", undefined],
    ["^ab", undefined],
    ["None", undefined],
    ["é", undefined],
  ])("%j is %j", (value, expected) => {
    expect(parseEscapeCharacter(value)).toBe(expected);
  });
});
