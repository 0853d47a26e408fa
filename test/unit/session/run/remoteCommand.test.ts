import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  limitedCommand,
  scriptCommand,
  shellQuote,
  splitWords,
} from "../../../../src/session/run/remoteCommand.ts";

describe("shellQuote", () => {
  it
    .runIf(process.platform !== "win32")
    .each(["plain", "two words", "it's", `"$HOME" \`x\``, "", "a\nb", "*;&|<>"])(
    "%j comes through a shell unchanged",
    (word) => {
      expect(execFileSync("/bin/sh", ["-c", `printf %s ${shellQuote(word)}`]).toString()).toBe(word);
    },
  );

  it.each(["=ls", "%self", "@x"])("quotes %j, in which zsh, fish or csh see more than a word", (word) => {
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
