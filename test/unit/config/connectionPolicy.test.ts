import { describe, expect, test } from "vitest";
import { connectionPolicy } from "../../../src/config/connectionPolicy.ts";
import { HostPolicies } from "../../../src/config/hostPolicies.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

type Values = Readonly<Record<string, number | boolean>>;

/** The effective values of aliases `a`, `b`, … of one destination with these entries. */
function shared(...entries: readonly Values[]) {
  const settings = new FakeSettings();
  const aliases = entries.map((_, index) => String.fromCharCode(97 + index));
  settings.hosts = entries.map((values, index) => ({ pattern: aliases[index] ?? "", ...values }));
  const uses = aliases.map((alias) => ({ config: testHostConfig({ alias }) }));
  return connectionPolicy(new HostPolicies(settings), uses);
}

const source = (pattern: string) => ({ kind: "hostSetting", pattern });
const alive = (serverAliveInterval: number, serverAliveCountMax: number): Values => ({
  serverAliveInterval,
  serverAliveCountMax,
});

describe("the keepalive of a connection that several aliases share", () => {
  test.each([
    // One alone has its own.
    [[alive(15, 4)], 15, 4],
    // Equal values stay the same.
    [[alive(15, 4), alive(15, 4)], 15, 4],
    // The shorter interval, dead when the first policy would say so.
    [[alive(60, 3), alive(10, 3)], 10, 3],
    [[alive(60, 1), alive(15, 20)], 15, 4],
    // No sooner than the strictest of them: 10 s of silence end neither alias's connection alone.
    [[alive(60, 1), alive(10, 30)], 10, 6],
    [[alive(7, 100), alive(20, 1)], 7, 2],
    // Off is the weakest, and applies only if all have it.
    [[alive(0, 3), alive(20, 2)], 20, 2],
    [[alive(0, 3), alive(0, 1)], 0, undefined],
  ])("%j: every %s s, %s times", (entries, interval, countMax) => {
    for (const order of [entries, [...entries].reverse()]) {
      const { keepalive } = shared(...order);
      expect(keepalive.serverAliveInterval).toBe(interval);
      // Without probes no count is stricter than another: the first one's stays.
      expect(keepalive.serverAliveCountMax).toBe(countMax ?? order[0]?.["serverAliveCountMax"]);
    }
  });

  test("each value has its source", () => {
    const { keepalive } = shared({ ...alive(60, 1), tcpKeepAlive: false }, alive(15, 20));
    expect(keepalive.sources).toEqual({
      serverAliveInterval: source("b"),
      serverAliveCountMax: source("a"),
      tcpKeepAlive: { kind: "default" },
    });
    expect(keepalive.tcpKeepAlive).toBe(true);
  });

  test("of equal values the first use is named", () => {
    const { keepalive, linger } = shared(
      { ...alive(15, 4), tcpKeepAlive: true, linger: 60 },
      { ...alive(15, 4), tcpKeepAlive: true, linger: 60 },
    );
    expect(Object.values(keepalive.sources)).toEqual([source("a"), source("a"), source("a")]);
    expect(linger.source).toEqual(source("a"));
  });
});

test("the longest linger keeps the promise to every alias", () => {
  expect(shared({ linger: 60 }, { linger: 0 }).linger).toEqual({ seconds: 60, source: source("a") });
  expect(shared({ linger: 60 }, { linger: -1 }).linger.seconds).toBe(Number.POSITIVE_INFINITY);
});

test("a server that ignores probes for one alias ignores them for the others", () => {
  expect(shared({}, { ignoreMissingReplies: true }).ignoreMissingReplies).toBe(true);
  expect(shared({}, {}).ignoreMissingReplies).toBe(false);
});

test("each alias keeps its own values, with the typed host", () => {
  const settings = new FakeSettings();
  settings.folders = { "file:///api": { linger: 5 } };
  const config = testHostConfig({
    alias: "a",
    port: 2222,
    sources: new Map([["port", { kind: "commandLine" }]]),
  });
  const policies = new HostPolicies(settings);
  const { uses } = connectionPolicy(policies, [{ config, folder: { uri: "file:///api", name: "api" } }]);
  expect(uses).toEqual([
    {
      spec: "a:2222",
      folder: "api",
      keepalive: policies.keepalive(config),
      linger: {
        seconds: 5,
        source: {
          kind: "setting",
          setting: "sshSessions.master.linger",
          layer: "workspaceFolder",
          folder: "api",
        },
      },
    },
  ]);
});
