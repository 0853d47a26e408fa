import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteFor } from "../../../src/text/localShell.ts";
import { sshCommandLine, sshCommandWords } from "../../../src/text/sshCommandLine.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import {
  cmdLine,
  powerShellCommandLine,
  powerShellWords,
  programArguments,
  ShellError,
} from "../../support/windowsShells.ts";

const pieces = [
  ...[
    "\\",
    "\\\\",
    " ",
    "  ",
    "%",
    "%PATH%",
    "%B%",
    "%PATH:a=b%",
    "^",
    "^%",
    "&",
    "&&calc&",
    "|",
    "<",
    ">",
    "(",
    ")",
  ],
  ...[
    "!",
    "!PATH!",
    ";",
    ",",
    "$",
    "$(calc)",
    "`",
    "'",
    "''",
    "\u2018",
    "\u2019",
    "\u201b",
    "\u201d",
    "@",
    "#",
  ],
  ...["-", "--", "-o", "-oProxyCommand=calc", "--%", ".", ":", "=", "/", "~", "{", "}", "[", "*", "?", '"'],
  ...["a", "PATH", "\u00a0", "\u2028", "\u2013", "e\u0301", "\u{1f600}", "0x10", "1kb"],
];
const word = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(""));
const variables = new Map([
  ["PATH", "C:\\Windows"],
  ["A", "& calc"],
  ["B", '" & calc & "'],
]);

function requestOf(user: string, alias: string, configFile: string) {
  const sources = new Map([["user", { kind: "commandLine" } as const]]);
  return { config: testHostConfig({ user, alias, sources }), hops: [], configFile };
}

describe("the copied command in the shells of Windows", () => {
  it.each([true, false])("gives ssh exactly its words in cmd (doubled quotes are one: %s)", (doubled) => {
    fc.assert(
      fc.property(word, word, word, (user, alias, configFile) => {
        const request = requestOf(user, alias, configFile);
        const line = sshCommandLine(request, "cmd");
        const words = sshCommandWords(request);
        expect(line === undefined).toBe(words.some((each) => each.includes('"')));
        if (line !== undefined) {
          expect(programArguments(cmdLine(line, variables), doubled)).toEqual(words);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(["5.1", "7.3"] as const)("gives ssh exactly its words in PowerShell %s", (version) => {
    fc.assert(
      fc.property(word, word, word, (user, alias, configFile) => {
        const request = requestOf(user, alias, configFile);
        const line = sshCommandLine(request, "powershell");
        const words = sshCommandWords(request);
        // Text that not all versions pass on unchanged.
        const isHard = (each: string): boolean => each === "" || each.includes('"') || /\s.*\\$/u.test(each);
        expect(line === undefined).toBe(words.some(isHard));
        if (line !== undefined) {
          expect(programArguments(powerShellCommandLine(powerShellWords(line), version), true)).toEqual(
            words,
          );
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("the simulated rules are those of the manuals", () => {
    // "Parsing C command-line arguments", its table of examples.
    const examples: readonly (readonly [string, ...string[]])[] = [
      ['"a b c" d e', "a b c", "d", "e"],
      ['"ab\\"c" "\\\\" d', 'ab"c', "\\", "d"],
      ['a\\\\\\b d"e f"g h', "a\\\\\\b", "de fg", "h"],
      ['a\\\\\\"b c d', 'a\\"b', "c", "d"],
      ['a\\\\\\\\"b c" d e', "a\\\\b c", "d", "e"],
      ['a"b"" c d', 'ab" c d'],
    ];
    for (const [line, ...words] of examples) {
      expect(programArguments(line, true)).toEqual(words);
    }
    expect(cmdLine('x "%PATH%" ^%PATH^% ^& "&" %NO%', variables)).toBe('x "C:\\Windows" %PATH% & "&" %NO%');
    expect(() => cmdLine("x & calc", variables)).toThrow(ShellError);
    expect(() => cmdLine("x %A%", variables)).toThrow(ShellError);
    expect(() => cmdLine('x "%B%"', variables)).toThrow(ShellError);
    expect(powerShellWords("a 'it''s' -a.b -a:b '-a.b' 0x10")).toEqual([
      "a",
      "it's",
      "-a",
      ".b",
      "-a",
      ":b",
      "-a.b",
      "0x10",
    ]);
    for (const line of ["$x", "a;b", "'a", "(a)", "@a", "'a'b"]) {
      expect(() => powerShellWords(line)).toThrow(ShellError);
    }
    // Windows PowerShell ends no word at the quote after the backslash: the next one starts outside.
    const broken = powerShellCommandLine(["ssh", "-l", "a \\", "--", " -oProxyCommand=calc x"], "5.1");
    expect(programArguments(broken, true)).toContain("-oProxyCommand=calc");
  });

  it("omits what Windows PowerShell can't pass on", () => {
    expect(quoteFor("powershell", "C:\\My Files\\")).toBeUndefined();
    expect(quoteFor("powershell", "")).toBeUndefined();
    expect(quoteFor("powershell", "C:\\Files\\")).toBe("'C:\\Files\\'");
  });
});
