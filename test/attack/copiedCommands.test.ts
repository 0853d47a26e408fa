import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type LocalShell, localShell } from "../../src/text/localShell.ts";
import { sshCommandLine, sshCommandWords } from "../../src/text/sshCommandLine.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { attack, defer } from "./support/attackTest.ts";

/** User names, aliases and paths that someone else may have chosen and that a shell could interpret. */
const words: readonly string[] = [
  ...["-oProxyCommand=touch x", "-o.x", "--", "-", "a b", "", " "],
  ...["$(touch x)", "(touch x)", "`touch x`", "$HOME", "${HOME}", "$status", "{a,b}", "{", "}"],
  ...["'", "''", "a'b", "'\\''", "'; touch x; '", '"', 'a"b', "\\", "a\\", "\\\\", "\\'", "a\\'; touch x #"],
  ...[
    "!",
    "!!",
    "!$",
    "a!b",
    "'!'",
    "\\!",
    "^a^b",
    "~",
    "~root",
    "=ls",
    "*",
    "?",
    "[a]",
    "%self",
    "%1",
    "#",
    "# x",
  ],
  ...[
    "a;b",
    "a&b",
    "a|b",
    "a>b",
    "a<b",
    "\u2019; touch x",
    "\u00a0",
    "\u2028",
    "e\u0301",
    "\u{1f600}",
    "x".repeat(3_000),
  ],
];

attack.each([["sh"], ["bash"], ["tcsh"], ["fish"]])(
  "the copied command passes %s only as words of ssh",
  { once: "each of the words is copied separately" },
  async (shell) => {
    const folder = await mkdtemp(join(tmpdir(), "copied-"));
    defer(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "ssh"), '#!/bin/sh\nprintf "%s\\0" "$@" "next"\n');
    await chmod(join(folder, "ssh"), 0o700);
    const kind: LocalShell = localShell(`/usr/bin/${shell}`, "linux");
    const typed = { kind: "commandLine" } as const;
    const lines: string[] = [];
    const wanted: string[] = [];
    for (const word of words) {
      const config = testHostConfig({
        alias: word,
        user: word,
        sources: new Map([["user", typed]]),
      });
      const request = { config, hops: [], configFile: word };
      const line = sshCommandLine(request, kind);
      expect(line, word).toBeDefined();
      lines.push(line ?? "");
      wanted.push(...sshCommandWords(request).slice(1), "next");
    }
    // Line by line, as a shell reads pasted text.
    await writeFile(join(folder, "pasted"), `${lines.join("\n")}\n`);
    const output = execFileSync(shell, [...(shell === "tcsh" ? ["-f"] : []), "pasted"], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, LC_ALL: "C.UTF-8" },
    });
    expect(output.split("\0").slice(0, -1)).toEqual(wanted);
  },
);
