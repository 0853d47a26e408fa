import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostConfig, ValueSource } from "../../../src/config/hostConfig.ts";
import { type LocalShell, localShell, quoteFor } from "../../../src/text/localShell.ts";
import { sshCommandLine, sshCommandWords } from "../../../src/text/sshCommandLine.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const typed: ValueSource = { kind: "commandLine" };
const setting: ValueSource = { kind: "hostSetting", pattern: "*" };
const file: ValueSource = { kind: "sshConfig", file: "/c", line: 1 };

function host(changes: Partial<HostConfig>, sources: Readonly<Record<string, ValueSource>> = {}): HostConfig {
  return testHostConfig({ ...changes, sources: new Map(Object.entries(sources)) });
}
const words = (config: HostConfig, hops: readonly HostConfig[] = [], configFile = ""): readonly string[] =>
  sshCommandWords({ config, hops, configFile });

describe("the words of an ssh command", () => {
  it("leave values of ssh_config to it", () => {
    const sources = { user: file, port: file, hostname: file };
    expect(words(host({ user: "-oProxyCommand=touch x", port: 2200 }, sources))).toEqual([
      "ssh",
      "--",
      "web1",
    ]);
  });

  it("contain typed values, each after its own option", () => {
    const config = host(
      { alias: "build1", user: "-oProxyCommand=x", port: 2222 },
      { user: typed, port: typed },
    );
    expect(words(config)).toEqual(["ssh", "-l", "-oProxyCommand=x", "-p", "2222", "--", "build1"]);
  });

  it("contain values of the settings, and name another ssh_config", () => {
    const config = host({ hostName: "10.0.0.1", user: "me" }, { hostname: setting, user: setting });
    expect(words(config, [], "/c d/config")).toEqual([
      "ssh",
      "-F",
      "/c d/config",
      "-l",
      "me",
      "-o",
      "HostName=10.0.0.1",
      "--",
      "web1",
    ]);
  });

  it("put a host that looks like an option after --", () => {
    expect(words(host({ alias: "-oProxyCommand=x" })).slice(-2)).toEqual(["--", "-oProxyCommand=x"]);
  });

  it("leave jump hosts to ssh_config, unless only the settings know one", () => {
    const jump = { proxyJump: [{ alias: "a", user: "u" }, { alias: "b" }] };
    const known = host({ alias: "a" }, { hostname: file, user: typed });
    expect(words(host(jump), [known, host({ alias: "b" })])).toEqual(["ssh", "--", "web1"]);
    const ours = host({ alias: "b", hostName: "fe80::1", user: "x", port: 23 }, { hostname: setting });
    expect(words(host(jump), [known, ours])).toEqual(["ssh", "-J", "u@a,x@[fe80::1]:23", "--", "web1"]);
  });
});

describe("a line for the shell", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ssh-sessions-line-"));
    writeFileSync(join(folder, "ssh"), '#!/bin/sh\nprintf "%s\\0" "$@"\n');
    chmodSync(join(folder, "ssh"), 0o700);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The arguments that the program `ssh` gets when `shell` runs `line`. */
  function received(shell: string, line: string): readonly string[] {
    const output = execFileSync(shell, ["-c", line], {
      encoding: "utf8",
      cwd: folder,
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: "/nonexistent" },
    });
    return output.split("\0").slice(0, -1);
  }

  const word = fc.oneof(
    fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text)),
    fc.constantFrom(
      ...[
        "-oProxyCommand=touch x",
        "$(touch x)",
        "`touch x`",
        "a'b",
        "'",
        "''",
        'a"b',
        "a b",
        "*",
        "~",
        "~root",
      ],
      ...["%PATH%", "$HOME", "!!", "#", "a\\b", "\\", "=ls", "{a,b}", "a;b", "a&b", "\u2019", "-", "--"],
    ),
  );

  it.each(["sh", "bash"])("gives %s exactly the words", (shell) => {
    fc.assert(
      fc.property(word, word, word, (user, alias, configFile) => {
        const config = host({ alias, user, port: 2222 }, { user: typed, port: typed });
        const request = { config, hops: [], configFile };
        expect(received(shell, sshCommandLine(request, "posix") ?? "")).toEqual(
          sshCommandWords(request).slice(1),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("has no control character, which would act as a key when pasted", () => {
    for (const shell of ["posix", "csh", "fish", "powershell", "cmd"] as const) {
      for (const control of ["\n", "\r", "\u001b", "\u0003", "\u007f", "\u009b"]) {
        expect(quoteFor(shell, `a${control}b`)).toBeUndefined();
      }
    }
    expect(sshCommandLine({ config: host({}), hops: [], configFile: "/a\nrm x" }, "posix")).toBeUndefined();
  });

  it("leaves plain words unchanged in every shell", () => {
    for (const shell of ["posix", "csh", "fish", "powershell", "cmd"] as const) {
      expect(
        sshCommandLine({ config: host({ alias: "web1.example.org" }), hops: [], configFile: "" }, shell),
      ).toBe("ssh -- web1.example.org");
    }
  });

  it.each<[LocalShell, string, string | undefined]>([
    ["powershell", "C:\\My Files\\it's", "'C:\\My Files\\it''s'"],
    ["powershell", "a\u2019b", "'a\u2019\u2019b'"],
    ["powershell", "$(calc) %PATH% `x`", "'$(calc) %PATH% `x`'"],
    ["powershell", "DOM\\me", "'DOM\\me'"],
    ["powershell", "@args", "'@args'"],
    ["powershell", 'a"b', undefined],
    ["powershell", "-o.x", "'-o.x'"],
    ["powershell", "-o:x", "'-o:x'"],
    ["powershell", "-l", "-l"],
    ["cmd", "C:\\My Files\\", '"C:\\My Files\\\\"'],
    ["cmd", "it's & calc", '"it\'s & calc"'],
    ["cmd", "%PATH%", '""^%"PATH"^%""'],
    ["cmd", "a^b", '"a^b"'],
    ["cmd", 'a"b', undefined],
    ["fish", "a\\'b$x", "'a\\\\\\'b$x'"],
    ["csh", "it's!", "'it'\\''s\\!'"],
    ["posix", "", "''"],
  ])("for %s: %s", (shell, text, expected) => {
    expect(quoteFor(shell, text)).toBe(expected);
  });

  it.each<[string, NodeJS.Platform, LocalShell]>([
    ["/bin/bash", "linux", "posix"],
    ["/usr/bin/fish", "linux", "fish"],
    ["/opt/microsoft/powershell/7/pwsh", "linux", "powershell"],
    ["/bin/tcsh", "darwin", "csh"],
    ["", "linux", "posix"],
    ["", "win32", "powershell"],
    ["C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "win32", "powershell"],
    ["C:\\WINDOWS\\system32\\CMD.EXE", "win32", "cmd"],
    ["C:\\Program Files\\Git\\bin\\bash.exe", "win32", "posix"],
    ["C:\\Windows\\System32\\wsl.exe", "win32", "posix"],
  ])("%s on %s reads %s", (program, platform, shell) => {
    expect(localShell(program, platform)).toBe(shell);
  });
});
