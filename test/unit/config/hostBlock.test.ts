import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../../src/config/configLine.ts";
import { blockConflicts, blockLines, hostBlock, isBlockName } from "../../../src/config/hostBlock.ts";
import type { HostConfig, ValueSource } from "../../../src/config/hostConfig.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const typed: ValueSource = { kind: "commandLine" };
const config = (over: Partial<HostConfig>, ...sources: [string, ValueSource][]): HostConfig =>
  testHostConfig({ alias: "build1", hostName: "build1", ...over, sources: new Map(sources) });

function textOf(alias: string, from: HostConfig): readonly string[] {
  const block = hostBlock(alias, from, config({ alias, hostName: alias }));
  if (block.kind !== "block") {
    throw new Error(`${block.keyword} ${block.value} can't be written`);
  }
  return blockLines(block.lines);
}

describe("the Host block of a typed host", () => {
  test("contains what was typed, without OpenSSH's defaults", () => {
    const from = config({ user: "me", port: 2222 }, ["user", typed], ["port", typed]);
    expect(textOf("build1", from)).toEqual(["Host build1", "    User me", "    Port 2222"]);
    expect(textOf("b", from)).toEqual(["Host b", "    HostName build1", "    User me", "    Port 2222"]);
    expect(textOf("build1", config({}))).toEqual(["Host build1"]);
  });

  test("keeps values that the typed name got from other blocks, because they may not match the new name", () => {
    const from = config(
      {
        hostName: "10.0.0.5",
        proxyJump: [
          { alias: "gate", user: "j", port: 2200 },
          { alias: "::1", port: 22 },
        ],
        identityFilesAreDefault: false,
        identityFiles: ["/home/a b/id 100%", "/k"],
        identitiesOnly: true,
        hostKeyAlias: "farm",
      },
      ["proxyjump", { kind: "sshConfig" }],
    );
    expect(textOf("b", from)).toEqual([
      "Host b",
      "    HostName 10.0.0.5",
      "    ProxyJump j@gate:2200,[::1]:22",
      "    HostKeyAlias farm",
      '    IdentityFile "/home/a b/id 100%%"',
      "    IdentityFile /k",
      "    IdentitiesOnly yes",
    ]);
    expect(textOf("b", config({ proxyCommand: 'nc -X 5 "%h" 22' }))).toContain(
      '    ProxyCommand nc -X 5 "%%h" 22',
    );
  });

  test("keeps values that other blocks set for the typed name, unless the new name has them, too", () => {
    const file: ValueSource = { kind: "sshConfig", file: "/c", line: 1 };
    const values = {
      userknownhostsfile: ["/a b/known", "/100%"],
      stricthostkeychecking: ["true"],
      rekeylimit: ["1048576 60"],
      sendenv: ["A", "B"],
      setenv: ["X=1", "Y=two words"],
      ciphers: ["aes128-ctr"],
      compression: ["yes"],
      remotecommand: ["top"],
    };
    const sources = Object.keys(values).map((keyword): [string, ValueSource] => [
      keyword,
      keyword === "ciphers" ? { kind: "default" } : file,
    ]);
    const from = config({ values: new Map(Object.entries(values)) }, ...sources);
    const block = hostBlock("b", from, config({ values: new Map([["compression", ["yes"]]]) }));
    expect(block.kind === "block" && blockLines(block.lines).slice(2)).toEqual([
      "    RekeyLimit 1048576 60",
      "    SendEnv A",
      "    SendEnv B",
      '    SetEnv "X=1" "Y=two words"',
      "    StrictHostKeyChecking true",
      '    UserKnownHostsFile "/a b/known" /100%%',
    ]);
    expect(
      hostBlock("b", config({ values: new Map([["setenv", ["A=%h"]]]) }, ["setenv", file]), config({})),
    ).toEqual({ kind: "unwritable", keyword: "SetEnv", value: "A=%h" });
  });

  test.each([
    ["#odd", '"#odd"'],
    ["a=b", '"a=b"'],
    ["fe80::1%eth0", "fe80::1%eth0"],
  ])("quotes the name %s", (alias, shown) => {
    expect(textOf(alias, config({ hostName: alias }))[0]).toBe(`Host ${shown}`);
  });

  test.each(["DOMAIN\\user", "a\\\\b", "first last", "x#y", "#z", "a\\ b", "=k"])(
    "the user %j is read back from it",
    (user) => {
      const lines = textOf("b", config({ user }, ["user", typed]));
      const read = parseConfigText(lines.join("\n"));
      expect(read.find(({ keyword }) => keyword === "user")?.args).toEqual([user]);
      expect(read.every(({ problem }) => problem === undefined)).toBe(true);
    },
  );

  test.each([
    [{ user: "100%" }, "User"],
    [{ user: "${HOME}" }, "User"],
    [{ identityFilesAreDefault: false, identityFiles: ["/a/${x}"] }, "IdentityFile"],
    [{ identityFilesAreDefault: false, identityFiles: ["/a\nHost *\n  ProxyCommand x"] }, "IdentityFile"],
    [{ proxyCommand: "a\nHost *" }, "ProxyCommand"],
    [{ hostKeyAlias: "a\nb" }, "HostKeyAlias"],
  ] as const)(
    "refuses what versions read differently, or what would start another line: %j",
    (over, keyword) => {
      expect(hostBlock("b", config(over, ["user", typed]), config({}))).toMatchObject({
        kind: "unwritable",
        keyword,
      });
    },
  );

  test.each(["*", "a b", "-x", "!a", "a?", "", "me@a", "a\nHost b", 'a"b', "a,b"])(
    "%j is not a valid name for a block",
    (alias) => {
      expect(isBlockName(alias)).toBe(false);
    },
  );
});

describe("lines that would have no effect", () => {
  const line: ValueSource = { kind: "sshConfig", file: "/c", line: 3 };
  const block = hostBlock(
    "b",
    config({ user: "me", port: 2222 }, ["user", typed], ["port", typed]),
    config({}),
  );
  const lines = block.kind === "block" ? block.lines : [];
  const now = (over: Partial<HostConfig>, ...sources: [string, ValueSource][]): HostConfig =>
    testHostConfig({ alias: "b", hostName: "b", ...over, sources: new Map(sources) });

  test("none, if nothing else matches this name", () => {
    expect(blockConflicts(lines, now({}))).toEqual([]);
  });

  test("those whose value an earlier line or a setting overrides", () => {
    const before = now({ user: "root", port: 2222 }, ["user", line], ["port", line]);
    expect(blockConflicts(lines, before)).toEqual([{ keyword: "User", source: line }]);
    const entry: ValueSource = { kind: "hostSetting", pattern: "*" };
    expect(blockConflicts(lines, now({ port: 22 }, ["port", entry]))).toEqual([
      { keyword: "Port", source: entry },
    ]);
  });
});
