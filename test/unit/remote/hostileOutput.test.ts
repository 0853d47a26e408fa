import { describe, expect, it } from "vitest";
import { keywordRule } from "../../../src/config/keywords.ts";
import { parseTime } from "../../../src/config/openSshTime.ts";
import { readSshdConfig } from "../../../src/remote/parse/sshdConfig.ts";
import { parseSystemdSpan } from "../../../src/remote/parse/systemdSpan.ts";

/**
 * Output by which a server, or a user on it, could keep the extension host busy for ever; it does not occur by
 * chance.
 */
describe("text of a hostile server", () => {
  it("an invalid time of many digits is refused in no time", () => {
    expect(parseTime(`${"1".repeat(10_000)}!`)).toBeUndefined();
    expect(parseSystemdSpan("1".repeat(100_000))).toBeUndefined();
  });

  it("times of every form are still read", () => {
    expect(["600", "10m", "1h30m", "1H30", "1w2d"].map(parseTime)).toEqual([600, 600, 5400, 3630, 777_600]);
    expect(["", "m", "1mm", "1 h"].map(parseTime)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("a pattern of many stars is matched in no time", () => {
    const lines = [`1:Match User ${"*a".repeat(200)}b`, "2:ClientAliveInterval 5"];
    const parts = [{ name: "file", argument: "/etc/ssh/sshd_config", lines }];
    expect(readSshdConfig(parts, "a".repeat(200)).perhaps).toEqual([]);
  });

  it("a time in ssh_config is parsed in no time", () => {
    const args = [`${"1".repeat(10_000)}!`];
    expect(() =>
      keywordRule("connecttimeout")?.read({ keyword: "connecttimeout", args, rest: args[0] ?? "", line: 1 }),
    ).toThrow();
  });
});
