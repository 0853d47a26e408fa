import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isKeyword, keywordNames, keywordTable } from "../../src/config/keywordTable.ts";

const folder = "/usr/share/man/man5";

/** The source of the installed manual. Undefined if the image has no manuals. */
function manual(): string | undefined {
  if (existsSync(`${folder}/ssh_config.5.gz`)) {
    return gunzipSync(readFileSync(`${folder}/ssh_config.5.gz`)).toString("utf8");
  }
  return existsSync(`${folder}/ssh_config.5`) ? readFileSync(`${folder}/ssh_config.5`, "utf8") : undefined;
}

/** As printed by `ssh -V`: `[9, 2]`. */
function installedVersion(): readonly number[] {
  const said = spawnSync("ssh", ["-V"], { encoding: "utf8" });
  const version = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(`${said.stdout}${said.stderr}`);
  return [Number(version?.[1]), Number(version?.[2])];
}

function isAtMost(version: readonly number[], limit: readonly number[]): boolean {
  const [major = 0, minor = 0] = version;
  const [most = 0, least = 0] = limit;
  return major < most || (major === most && minor <= least);
}

function isKnownToSsh(keyword: string): boolean {
  const { stderr } = spawnSync("ssh", ["-G", "-F", "none", "-o", `${keyword}=?`, "host"], {
    encoding: "utf8",
  });
  return !stderr.includes("Bad configuration option");
}

describe("the table of keywords and the installed OpenSSH", () => {
  test("every keyword of the installed manual is in the table", () => {
    const source = manual();
    const keywords =
      source === undefined
        ? execFileSync("ssh", ["-G", "-F", "none", "host"], { encoding: "utf8", stdio: "pipe" })
            .split("\n")
            .flatMap((line) => (line === "" ? [] : [line.split(" ")[0] ?? ""]))
        : [...source.matchAll(/^\.It Cm ([A-Z]\w+)/gm)].map(([, name = ""]) => name);
    expect(keywords.length).toBeGreaterThan(50);
    expect(keywords.filter((name) => !isKeyword(name.toLowerCase()))).toEqual([]);
  });

  test("every keyword that `ssh -G` prints is in the table", () => {
    const printed = execFileSync("ssh", ["-G", "-F", "none", "host"], { encoding: "utf8", stdio: "pipe" })
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [line.split(" ")[0]?.toLowerCase() ?? ""]));
    expect(printed.length).toBeGreaterThan(50);
    expect(printed.filter((name) => !isKeyword(name))).toEqual([]);
  });

  test("the installed `ssh` supports every keyword that the table dates up to its version, and no newer one", () => {
    const installed = installedVersion();
    expect(installed[0]).toBeGreaterThan(5);
    const differing = keywordNames
      .filter((keyword) => keywordTable[keyword].since !== "vendor")
      .filter((keyword) => {
        const since = keywordTable[keyword].since.split(".").map(Number);
        return isKnownToSsh(keyword) !== isAtMost(since, installed);
      });
    expect(differing).toEqual([]);
  });
});
