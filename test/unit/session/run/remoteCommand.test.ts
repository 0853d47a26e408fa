import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  fitsArgument,
  limitedCommand,
  longestArgument,
  scriptCommand,
  shellQuote,
  splitWords,
} from "../../../../src/session/run/remoteCommand.ts";

describe("shellQuote", () => {
  it
    .runIf(process.platform !== "win32")
    .each(["plain", "two words", "it's", `"$HOME" \`x\``, "", "a\nb", "*;&|<>"])(
    "%j passes a shell unchanged",
    (word) => {
      expect(execFileSync("/bin/sh", ["-c", `printf %s ${shellQuote(word)}`]).toString()).toBe(word);
    },
  );

  it.each(["=ls", "%self", "@x"])("quotes %j, which zsh, fish or csh would expand", (word) => {
    expect(shellQuote(word)).toBe(`'${word}'`);
  });
});

describe.runIf(process.platform !== "win32")("limitedCommand", () => {
  it("runs the command with its quotes, exit code and standard input", () => {
    const command = limitedCommand(`cat; printf "it's %s" 'a  b'; exit 0`, 60);
    expect(execFileSync("/bin/sh", ["-c", command], { input: "in " }).toString()).toBe("in it's a  b");
  });
});

describe("scriptCommand", () => {
  it.each([
    ["echo hi", ["a b"], "bash -s -- 'a b'"],
    ["#!/bin/sh -e\n", [], "sh -s --"],
    ["#!/usr/bin/env python3\n", ["-x"], "python3 - -x"],
    ["#!/usr/bin/env -S LC_ALL=C perl -w\n", [], "perl -"],
    ["#!/opt/strange/tool\n", [], "bash -s --"],
    ["#!constructor\n", [], "bash -s --"],
  ])("%j with %j", (script, args, command) => {
    expect(scriptCommand(script, args)).toBe(command);
  });
});

describe("a script as one argument", () => {
  it.each([
    ["", true],
    ["#!/usr/bin/env node\n", true],
    ["#!/usr/bin/php\n", false],
    ["x".repeat(longestArgument), true],
    ["é".repeat(longestArgument / 2 + 1), false],
  ])("%#: it fits, or not", (script, fits) => {
    expect(fitsArgument(script)).toBe(fits);
  });

  it.runIf(process.platform !== "win32").each([
    [
      "a read finds no input, and the script's lines stay",
      'read line\necho "[$line] $0 $# $1 $2"\ncat\nexit 3\n\n',
      "[] it's.sh 2 -a b c\n",
      3,
    ],
    ["another shell", '#!/bin/sh\nread x; echo "$x$1"\n', "-a\n", 0],
    [
      "another language",
      "#!/usr/bin/env node\nprocess.stdout.write(JSON.stringify(process.argv.slice(1)));\n",
      '["-a","b c"]',
      0,
    ],
  ])("%s", (_what, script, output, code) => {
    const command = scriptCommand(script, ["-a", "b c"], "argument", "it's.sh");
    const run = spawnSync("/bin/sh", ["-c", command], { input: script });
    expect([run.stdout.toString(), run.stderr.toString(), run.status]).toEqual([output, "", code]);
  });

  it.runIf(process.platform !== "win32")("from standard input, a read takes the next line", () => {
    const script = 'read line\nnext\necho "[$line]"\n';
    const run = spawnSync("/bin/sh", ["-c", scriptCommand(script, [])], { input: script });
    expect(run.stdout.toString()).toBe("[next]\n");
  });

  it.runIf(process.platform !== "win32")("the longest one that fits runs", () => {
    const script = `: ${"x".repeat(longestArgument - 10)}\necho end\n`;
    const run = spawnSync("/bin/sh", ["-c", scriptCommand(script, [], "argument")], { input: script });
    expect(run.stdout.toString()).toBe("end\n");
  });
});

describe("splitWords", () => {
  it.each([
    ["", []],
    ["  a  b ", ["a", "b"]],
    [`'a b' "c \\"d" e\\ f ''`, ["a b", 'c "d', "e f", ""]],
    ["$HOME *", ["$HOME", "*"]],
  ])("%j", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});
