import { describe, expect, test } from "vitest";
import { HostPolicies } from "../../../src/config/hostPolicies.ts";
import { limitsFor } from "../../../src/session/limitPolicy.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const line = { kind: "sshConfig", file: "/c", line: 4 } as const;
const shell = { request: { type: "shell" } } as const;

describe("the limits of a session", () => {
  test("a host's own limits override those for all hosts, as in the README's example", () => {
    const settings = new FakeSettings();
    settings.layers = { user: { timeLimit: 100, idleLimit: 200 } };
    settings.hosts = [{ pattern: "prod-*", timeLimit: 300 }];
    const policies = new HostPolicies(settings);
    const limits = (alias: string) => limitsFor(policies, testHostConfig({ alias }), shell, undefined);
    expect(limits("prod-db")).toEqual([
      { kind: "time", seconds: 300, source: { kind: "hostSetting", pattern: "prod-*" } },
      {
        kind: "idle",
        seconds: 200,
        source: { kind: "setting", setting: "sshSessions.limits.idleLimit", layer: "user" },
      },
    ]);
    expect(limits("web").map(({ seconds }) => seconds)).toEqual([100, 200]);
    settings.hosts = [{ pattern: "prod-*", timeLimit: 0, idleLimit: 0 }];
    expect(limits("prod-db")).toEqual([]);
  });

  test("requested limits override the settings, 0 included; ChannelTimeout always applies", () => {
    const settings = new FakeSettings();
    settings.hosts = [{ pattern: "*", timeLimit: 300, idleLimit: 300 }];
    const config = testHostConfig({
      channelTimeouts: [
        { pattern: "session:command", seconds: 5 },
        { pattern: "session", seconds: 9 },
        { pattern: "global", seconds: 60 },
      ],
      sources: new Map([["channeltimeout", line]]),
    });
    const request = {
      request: { type: "exec", command: "true" },
      timeLimitSeconds: 7,
      idleLimitSeconds: 0,
    } as const;
    expect(limitsFor(new HostPolicies(settings), config, request, undefined)).toEqual([
      { kind: "time", seconds: 7, source: { kind: "commandLine" } },
      { kind: "channel-timeout", seconds: 5, source: line },
      { kind: "global-timeout", seconds: 60, source: line },
    ]);
  });

  test("a ChannelTimeout without a known line still has a source", () => {
    const config = testHostConfig({ channelTimeouts: [{ pattern: "session", seconds: 9 }] });
    expect(limitsFor(new HostPolicies(new FakeSettings()), config, shell, undefined)).toEqual([
      { kind: "channel-timeout", seconds: 9, source: { kind: "sshConfig" } },
    ]);
  });

  test("the session's own folder decides, not the current one", () => {
    const settings = new FakeSettings();
    const api = { uri: "file:///api", name: "api" };
    settings.folders = { "file:///api": { idleLimit: 60 }, "file:///web": { idleLimit: 5 } };
    settings.folder = { uri: "file:///web", name: "web" };
    expect(limitsFor(new HostPolicies(settings), testHostConfig(), shell, api)).toMatchObject([
      { kind: "idle", seconds: 60, source: { layer: "workspaceFolder", folder: "api" } },
    ]);
  });
});
