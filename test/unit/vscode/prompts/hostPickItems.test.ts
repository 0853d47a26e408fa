import { describe, expect, it } from "vitest";
import { hostGroups, withTyped } from "../../../../src/vscode/prompts/hostPickItems.ts";

const entry = (alias: string) => ({ alias, file: "/config", line: 1, source: "sshConfig" as const });

describe("the rows of the host pick", () => {
  it("list each host once, at its first position", () => {
    const groups = hostGroups([entry("web1"), entry("db1"), entry("mail1")], {
      near: "mail1",
      preferred: ["db1"],
      connected: ["mail1"],
      recent: ["me@x", "db1"],
      tried: [],
    });
    expect(groups.map(({ title, choices }) => [title, ...choices.map(({ host }) => host)])).toEqual([
      ["active terminal", "mail1"],
      ["profile hosts", "db1"],
      ["recent", "me@x"],
      ["hosts", "web1"],
    ]);
  });

  it("start with connected hosts, also before that of a terminal that could not connect; a tried host is last", () => {
    const groups = (near: string) =>
      hostGroups([entry("dead1"), entry("web1"), entry("db1")], {
        near,
        preferred: [],
        connected: ["db1", "me@y"],
        recent: ["web1", "db1"],
        tried: ["dead1", "me@typo"],
      }).map(({ title, choices }) => [title, ...choices.map(({ host }) => host)]);
    expect(groups("dead1")).toEqual([
      ["connected", "db1", "me@y"],
      ["active terminal", "dead1"],
      ["recent", "web1"],
      ["hosts", "me@typo"],
    ]);
    expect(groups("me@y").slice(0, 2)).toEqual([
      ["active terminal", "me@y"],
      ["connected", "db1"],
    ]);
  });

  const listed = [{ host: "envlab" }, { host: "web1" }];
  const typedRow = (host: string) => [{ host: `typed ${host}` }];

  it.each([
    ["", ["envlab", "web1"]],
    ["envl", ["envlab", "web1", "typed envl"]],
    ["envlab", ["envlab", "web1"]],
    ["me@envlab", ["typed me@envlab", "envlab", "web1"]],
    ["web1:22", ["typed web1:22", "envlab", "web1"]],
    ["ssh -p 22 x", ["typed ssh -p 22 x", "envlab", "web1"]],
    ["::1", ["typed ::1", "envlab", "web1"]],
  ])("%j: the typed text comes last, unless it has a user or a port", (typed, hosts) => {
    expect(withTyped(listed, typed, typedRow).map(({ host }) => host)).toEqual(hosts);
  });
});
