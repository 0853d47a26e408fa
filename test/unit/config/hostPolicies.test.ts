import { beforeEach, describe, expect, test } from "vitest";
import type { ValueSource } from "../../../src/config/hostConfig.ts";
import {
  entryPatterns,
  entryValue,
  HostPolicies,
  hostPolicyRules,
  parseHostEntries,
  policyKeys,
} from "../../../src/config/hostPolicies.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const line: ValueSource = { kind: "sshConfig", file: "/c", line: 3 };
const fromFile = testHostConfig({
  alias: "web",
  serverAliveInterval: 50,
  serverAliveCountMax: 5,
  tcpKeepAlive: false,
  controlPersist: 60,
  sources: new Map([
    ["serveraliveinterval", line],
    ["serveralivecountmax", line],
    ["tcpkeepalive", line],
    ["controlpersist", line],
  ]),
});
const folder = { uri: "file:///w/api", name: "api" };

let settings: FakeSettings;
let policies: HostPolicies;
beforeEach(() => {
  settings = new FakeSettings();
  policies = new HostPolicies(settings);
});

describe("the layers", () => {
  const setting = "sshSessions.keepalive.serverAliveInterval";

  test("entry, folder, workspace, ssh_config, user setting, default: the first that is set applies", () => {
    settings.hosts = [{ pattern: "w*", serverAliveInterval: 40 }];
    settings.folders = { [folder.uri]: { serverAliveInterval: 30 } };
    settings.layers = { workspace: { serverAliveInterval: 20 }, user: { serverAliveInterval: 10 } };
    const seen: [number, ValueSource][] = [];
    const see = (host = fromFile): void => {
      const { value, source } = policies.get("serverAliveInterval", host, folder);
      seen.push([value, source]);
    };
    see();
    settings.hosts = [];
    see();
    settings.folders = {};
    see();
    settings.layers = { user: { serverAliveInterval: 10 } };
    see();
    see(testHostConfig({ alias: "web" }));
    settings.layers = {};
    see(testHostConfig({ alias: "web" }));
    expect(seen).toEqual([
      [40, { kind: "hostSetting", pattern: "w*" }],
      [30, { kind: "setting", setting, layer: "workspaceFolder", folder: "api" }],
      [20, { kind: "setting", setting, layer: "workspace" }],
      [50, line],
      [10, { kind: "setting", setting, layer: "user" }],
      [30, { kind: "default" }],
    ]);
  });

  test("a folder's settings apply only to what was opened in it", () => {
    settings.folders = { [folder.uri]: { timeLimit: 9 } };
    settings.folder = folder;
    expect(policies.get("timeLimit", fromFile, folder).value).toBe(9);
    expect(policies.get("timeLimit", fromFile).value).toBe(0);
    expect(policies.get("timeLimit", fromFile, { uri: "file:///w/web", name: "web" }).value).toBe(0);
  });

  test("a value without its own setting is set by entries only", () => {
    settings.layers = { user: { sudo: true, ignoreMissingReplies: true } };
    expect(policies.get("sudo", fromFile)).toEqual({ value: false, source: { kind: "default" } });
    settings.hosts = [{ pattern: "web", sudo: true }];
    expect(policies.get("sudo", fromFile).value).toBe(true);
  });

  test("invalid values count as not set, in every layer", () => {
    const bad: Readonly<Record<string, unknown>> = {
      serverAliveInterval: -1,
      serverAliveCountMax: 0,
      tcpKeepAlive: "no",
      linger: Number.NaN,
      timeLimit: Number.POSITIVE_INFINITY,
      idleLimit: 1e300,
      commandTimeLimit: { valueOf: () => 5 },
      reconnect: "always",
      persistence: { command: "no placeholder" },
      encoding: "\u001b]0;x",
      hungAfterMinutes: "1",
    };
    settings.hosts = parseHostEntries([{ pattern: "*", ...bad }]) ?? [];
    settings.layers = { workspace: bad, user: bad };
    settings.folders = { [folder.uri]: bad };
    for (const key of policyKeys) {
      expect(policies.get(key, testHostConfig(), folder), key).toEqual({
        value: hostPolicyRules[key].default,
        source: { kind: "default" },
      });
    }
  });

  test("without settings, forwards listen on demand, are offered, and keep their connection open", () => {
    const host = testHostConfig();
    expect(policies.get("forwardsOnDemand", host).value).toBe(true);
    expect(policies.get("forwardsDetect", host).value).toBe(true);
    expect(policies.get("forwardsKeepConnection", host).value).toBe(true);
  });

  test("a value of ssh_config without a known line still has a source", () => {
    expect(policies.get("serverAliveInterval", { alias: "web", serverAliveInterval: 50 })).toEqual({
      value: 50,
      source: { kind: "sshConfig" },
    });
  });

  test.each([
    ["tmux", "tmux"],
    [{ command: " abduco -A {name} " }, { command: "abduco -A {name}" }],
    [{ command: "no placeholder" }, "none"],
    [{ command: 5 }, "none"],
    [{}, "none"],
    [null, "none"],
    ["{name}", "none"],
  ])("persistence %j counts as %j", (written, value) => {
    settings.layers = { user: { persistence: written } };
    expect(policies.get("persistence", fromFile).value).toEqual(value);
  });

  test.each([
    ["latin1", "latin1"],
    ["ISO_8859-1:1987", "ISO_8859-1:1987"],
    ["x".repeat(64), "x".repeat(64)],
    ["x".repeat(65), "utf-8"],
    ["shift jis", "utf-8"],
    ["latin1\u001b]0;x", "utf-8"],
    ["\u001b]0;latin1", "utf-8"],
  ])("encoding %j counts as %j", (written, value) => {
    settings.layers = { user: { encoding: written } };
    expect(policies.get("encoding", fromFile).value).toBe(value);
  });

  test.each([
    [" Production ", "Production"],
    ["x".repeat(80), "x".repeat(80)],
    ["x".repeat(81), undefined],
    ["  ", undefined],
    [7, undefined],
  ])("group %j counts as %j", (written, value) => {
    settings.hosts = parseHostEntries([{ pattern: "web", group: written }]) ?? [];
    expect(policies.get("group", fromFile).value).toBe(value);
  });

  test.each([
    [
      ["-L 8080:localhost:80", 5, "nonsense", "", "-D 1080"],
      ["-L 8080:localhost:80", "-D 1080"],
    ],
    ["-L 8080:localhost:80", []],
    [null, []],
  ])("forwards %j count as %j", (written, value) => {
    settings.hosts = parseHostEntries([{ pattern: "web", forwards: written }]) ?? [];
    expect(policies.get("forwards", fromFile).value).toEqual(value);
  });

  test("a changed setting applies to the next request", () => {
    expect(policies.keepalive(fromFile).serverAliveInterval).toBe(50);
    settings.layers = { workspace: { serverAliveInterval: 1 } };
    expect(policies.keepalive(fromFile).serverAliveInterval).toBe(1);
  });
});

describe("keepalive and linger", () => {
  test("without any setting: 30 seconds, 3 probes, TCP keepalive, 600 seconds", () => {
    const unset = { kind: "default" } as const;
    expect(policies.keepalive(testHostConfig())).toEqual({
      serverAliveInterval: 30,
      serverAliveCountMax: 3,
      tcpKeepAlive: true,
      sources: { serverAliveInterval: unset, serverAliveCountMax: unset, tcpKeepAlive: unset },
    });
    expect(policies.linger(testHostConfig())).toEqual({ seconds: 600, source: unset });
  });

  test("each value is resolved separately", () => {
    settings.hosts = [{ pattern: "web", tcpKeepAlive: true }];
    settings.layers = { workspace: { serverAliveInterval: 0 } };
    expect(policies.keepalive(fromFile)).toMatchObject({
      serverAliveInterval: 0,
      serverAliveCountMax: 5,
      tcpKeepAlive: true,
    });
  });

  test("ControlPersist beats the user's setting, and a workspace's setting beats it", () => {
    settings.layers = { user: { linger: 9 } };
    expect(policies.linger(fromFile)).toEqual({ seconds: 60, source: line });
    settings.layers = { workspace: { linger: 9 } };
    expect(policies.linger(fromFile).seconds).toBe(9);
  });

  test("-1 and ControlPersist yes stay, 0 closes at once", () => {
    settings.layers = { user: { linger: -1 } };
    expect(policies.linger(testHostConfig()).seconds).toBe(Number.POSITIVE_INFINITY);
    settings.layers = { user: { linger: 0 } };
    expect(policies.linger(testHostConfig()).seconds).toBe(0);
    const stays = testHostConfig({ controlPersist: Number.POSITIVE_INFINITY });
    expect(policies.linger(stays).seconds).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("entries of sshSessions.hosts", () => {
  const entries = [
    { pattern: "web", user: "joe" },
    { pattern: "w*, d?", user: "other", port: 2222, tcpKeepAlive: false },
    { pattern: "* !db", linger: 0 },
  ];

  test("for each value the first matching entry that sets it applies", () => {
    expect(entryValue(entries, "web", "user")).toEqual({ value: "joe", pattern: "web" });
    expect(entryValue(entries, "web", "port")).toEqual({ value: 2222, pattern: "w*, d?" });
    expect(entryValue(entries, "web", "linger")?.value).toBe(0);
  });

  test("patterns are separated by blanks and commas; a negation excludes an entry", () => {
    expect(entryValue(entries, "db", "user")?.value).toBe("other");
    expect(entryValue(entries, "db", "linger")).toBeUndefined();
    expect(entryValue(entries, "x", "linger")?.value).toBe(0);
  });

  test("blanks and commas may be combined, also around the patterns", () => {
    expect(entryPatterns({ pattern: " web,  db ,, x " })).toEqual(["web", "db", "x"]);
    expect(entryPatterns({ pattern: " , " })).toEqual([]);
  });

  test("an invalid value is skipped for the next entry", () => {
    const typed = [{ pattern: "web", user: "-x" }, ...entries.slice(1)];
    expect(entryValue(typed, "web", "user")).toEqual({ value: "other", pattern: "w*, d?" });
  });

  test("entries keep their valid values, however wrong the others are", () => {
    expect(
      parseHostEntries([
        { pattern: " web* ", port: 2222, serverAliveInterval: 5, tcpKeepAlive: false, linger: 0, extra: 1 },
        { pattern: "db", port: "22", hostName: "a b", user: 7, ignoreMissingReplies: true },
        { hostName: "no pattern" },
        "web1",
        null,
      ]),
    ).toStrictEqual([
      { pattern: "web*", port: 2222, serverAliveInterval: 5, tcpKeepAlive: false, linger: 0 },
      { pattern: "db", ignoreMissingReplies: true },
    ]);
    expect(parseHostEntries("web1")).toBeUndefined();
  });
});
