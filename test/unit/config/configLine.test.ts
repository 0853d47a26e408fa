import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfigText, splitArguments } from "../../../src/config/configLine.ts";

describe("arguments", () => {
  test.each([
    ["a b\tc", ["a", "b", "c"]],
    ["  a  ", ["a"]],
    ['"a b" c', ["a b", "c"]],
    ["'a b' c", ["a b", "c"]],
    ["'a\"b'", ['a"b']],
    ['a"b c"d', ["ab cd"]],
    ['""', [""]],
    ['"a\\"b"', ['a"b']],
    ["a\\ b", ["a b"]],
    ['"a\\ b"', ["a\\ b"]],
    ["a\\\\b", ["a\\b"]],
    ["a\\nb", ["a\\nb"]],
    ["a\\", ["a\\"]],
    ["a # b", ["a"]],
    ["a#b", ["a#b"]],
    ['"#a"', ["#a"]],
    ["# a", []],
  ])("%s", (text, expected) => {
    expect(splitArguments(text)).toEqual(expected);
  });

  test.each(['"a', "'a", "it's", 'a "b c'])("%s: an unclosed quote", (text) => {
    expect(splitArguments(text)).toBeUndefined();
  });
});

describe("lines", () => {
  const keywordAndRest = (text: string): unknown =>
    parseConfigText(text).map(({ keyword, rest, line }) => [line, keyword, rest]);

  test("keywords are converted to lower case, comments and empty lines are skipped, numbers count all lines", () => {
    expect(keywordAndRest("# x\n\nHOST web\n  \t\n\tPort 22\n  # Port 1\n")).toEqual([
      [3, "host", "web"],
      [5, "port", "22"],
    ]);
  });

  test("one = may separate keyword and value", () => {
    expect(keywordAndRest("Port=22\nPort = 22\nPort\t=22\nProxyCommand = =x")).toEqual([
      [1, "port", "22"],
      [2, "port", "22"],
      [3, "port", "22"],
      [4, "proxycommand", "=x"],
    ]);
  });

  test("carriage returns, form feeds and blanks at the end are ignored, as is a byte order mark", () => {
    expect(keywordAndRest("\ufeffPort 22 \t\r\nUser x\f")).toEqual([
      [1, "port", "22"],
      [2, "user", "x"],
    ]);
  });

  test("the rest of a line keeps quotes, blanks and text that looks like a comment", () => {
    expect(keywordAndRest('ProxyCommand sh -c "a  b" # c')).toEqual([
      [1, "proxycommand", 'sh -c "a  b" # c'],
    ]);
  });

  test("an unreadable line is reported, and the lines after it are read", () => {
    const directives = parseConfigText('Port\nUser "x\nHost web');
    expect(directives.map(({ keyword, problem }) => [keyword, problem !== undefined])).toEqual([
      ["port", true],
      ["user", true],
      ["host", false],
    ]);
  });

  test("plain lines, which the package parses, give the same result as those with a comment, which it does not get", () => {
    const keyword = fc.constantFrom(
      "Host",
      "match",
      "User",
      "IdentityFile",
      "SENDENV",
      "Include",
      "Nonsense",
    );
    const separator = fc.constantFrom(" ", "\t", "=", " = ", "\t= ");
    const indent = fc.constantFrom("", "  ", "\t");
    const value = fc.string({ unit: fc.constantFrom(..."ab*?!,:%~=/-@[]{} \t"), minLength: 1 });
    fc.assert(
      fc.property(indent, keyword, separator, value, (before, word, between, text) => {
        fc.pre(/[^ \t=]/.test(text));
        const line = `${before}${word}${between}${text}`;
        const [plain] = parseConfigText(line);
        const [commented] = parseConfigText(`${line} #`);
        expect(plain?.args).toEqual(commented?.args);
        expect(plain?.keyword).toBe(word.toLowerCase());
        expect(`${plain?.rest} #`).toBe(commented?.rest.replace(/[ \t]+#$/, " #"));
      }),
      { numRuns: 2000 },
    );
  });
});
