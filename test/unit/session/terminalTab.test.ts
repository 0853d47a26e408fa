import { describe, expect, test } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { HostPolicies } from "../../../src/config/hostPolicies.ts";
import {
  afterTab,
  FirstSession,
  reopening,
  tabShell,
  terminalTab,
} from "../../../src/session/terminalTab.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { sessionSnapshot } from "../vscode/views/snapshots.ts";

const folder = { uri: "file:///api", name: "api" };
const plain = {
  host: "me@web1:2222",
  title: "web",
  folder: undefined,
  command: undefined,
  shellName: "vscode-1",
};

describe("the purpose of a tab", () => {
  test("has the alias of the typed host, and no empty values", () => {
    expect(terminalTab(plain)).toEqual({
      ...{ host: "me@web1:2222", alias: "web1", title: "web", shellName: "vscode-1" },
    });
    expect(Object.keys(terminalTab(plain))).not.toContain("command");
    expect(terminalTab({ ...plain, folder, command: "top" })).toMatchObject({ folder, command: "top" });
  });

  test("a command's tab has no shell to keep, and a shell's tab has one with persistence", () => {
    const policies = {
      get: () => ({ value: "tmux", source: { kind: "default" } }),
    } as unknown as HostPolicies;
    expect(tabShell(terminalTab({ ...plain, command: "top" }), policies)).toBeUndefined();
    expect(tabShell(terminalTab(plain), policies)?.attach).toContain("vscode-1");
    expect(tabShell(terminalTab(plain), new HostPolicies(new FakeSettings()))).toBeUndefined();
  });
});

describe("after a tab", () => {
  test.each([
    ["window", { forget: false, endShell: undefined }],
    ["person", { forget: true, endShell: "tmux kill-session" }],
    ["program", { forget: true, endShell: undefined }],
  ] as const)("that the %s closed", (by, after) => {
    expect(afterTab(by, "tmux kill-session")).toEqual(after);
  });

  test("without a shell on the server nothing is run there", () => {
    expect(afterTab("person", undefined)).toEqual({ forget: true, endShell: undefined });
  });
});

test.each([
  [0, true, "nothing"],
  [0, false, "nothing"],
  [2, true, "open"],
  [1, false, "ask"],
] as const)("%d terminals from before a reload, automatic %s: %s", (before, automatic, next) => {
  expect(reopening(before, automatic)).toBe(next);
});

describe("the first session of a tab", () => {
  const session = sessionSnapshot();

  test("resolves once, and no failure is shown afterwards", async () => {
    const first = new FirstSession();
    first.resolve(session);
    first.failed(new Error("a later one"));
    expect(first.over()).toBeUndefined();
    await expect(first.opened).resolves.toBe(session);
  });

  test("rejects with the reason why it did not open, which is shown once", async () => {
    const first = new FirstSession();
    const failure = new Error("refused");
    first.failed(failure);
    expect([first.over(), first.over()]).toEqual([failure, undefined]);
    await expect(first.opened).rejects.toBe(failure);
  });

  test("rejects as cancelled, with nothing to show, if the tab is closed first", async () => {
    const first = new FirstSession();
    expect(first.over()).toBeUndefined();
    await expect(first.opened).rejects.toBeInstanceOf(CancelledError);
  });
});
