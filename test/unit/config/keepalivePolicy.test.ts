import { beforeEach, describe, expect, test } from "vitest";
import type { KeepaliveLayer } from "../../../src/config/configPorts.ts";
import type { ValueSource } from "../../../src/config/hostConfig.ts";
import { createKeepaliveResolver } from "../../../src/config/keepalivePolicy.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const line: ValueSource = { kind: "sshConfig", file: "/c", line: 3 };
const fromFile = testHostConfig({
  alias: "web",
  serverAliveInterval: 50,
  serverAliveCountMax: 5,
  tcpKeepAlive: false,
  sources: new Map([
    ["serveraliveinterval", line],
    ["serveralivecountmax", line],
    ["tcpkeepalive", line],
  ]),
});

describe("keepalive", () => {
  let settings: FakeSettings;
  beforeEach(() => {
    settings = new FakeSettings();
  });
  const effective = (config = fromFile) => createKeepaliveResolver(settings).effective(config);

  test("without any setting: 30 seconds, 3 probes, TCP keepalive", () => {
    expect(effective(testHostConfig())).toEqual({
      serverAliveInterval: 30,
      serverAliveCountMax: 3,
      tcpKeepAlive: true,
      sources: {
        serverAliveInterval: { kind: "default" },
        serverAliveCountMax: { kind: "default" },
        tcpKeepAlive: { kind: "default" },
      },
    });
  });

  // Each step adds a layer that beats all before it.
  test("host entry beats workspace folder beats workspace beats ssh_config beats user setting", () => {
    const seen: [number, ValueSource][] = [];
    const look = (): void => {
      const { serverAliveInterval, sources } = effective();
      seen.push([serverAliveInterval, sources.serverAliveInterval]);
    };
    const setting = "sshSessions.keepalive.serverAliveInterval";
    settings.layers = { user: { serverAliveInterval: 10 } };
    look();
    settings.layers = { ...settings.layers, workspace: { serverAliveInterval: 20 } };
    look();
    settings.layers = { ...settings.layers, workspaceFolder: { serverAliveInterval: 30 } };
    look();
    settings.hosts = [{ pattern: "w*", serverAliveInterval: 40 }];
    look();
    expect(seen).toEqual([
      [50, line],
      [20, { kind: "setting", setting, layer: "workspace" }],
      [30, { kind: "setting", setting, layer: "workspaceFolder" }],
      [40, { kind: "hostSetting", pattern: "w*" }],
    ]);
  });

  test("the user setting counts where ssh_config says nothing", () => {
    settings.layers = { user: { serverAliveCountMax: 7 } };
    const { serverAliveCountMax, sources } = effective(testHostConfig());
    expect([serverAliveCountMax, sources.serverAliveCountMax]).toEqual([
      7,
      { kind: "setting", setting: "sshSessions.keepalive.serverAliveCountMax", layer: "user" },
    ]);
  });

  test("each value is decided for itself", () => {
    settings.hosts = [{ pattern: "web", tcpKeepAlive: true }];
    settings.layers = { workspace: { serverAliveInterval: 0 } };
    expect(effective()).toMatchObject({ serverAliveInterval: 0, serverAliveCountMax: 5, tcpKeepAlive: true });
  });

  test("an interval of 0 switches probing off, in ssh_config too", () => {
    expect(effective(testHostConfig({ serverAliveInterval: 0 })).serverAliveInterval).toBe(0);
  });

  test.each<KeepaliveLayer>([
    { serverAliveInterval: -1 },
    { serverAliveInterval: 1.5 },
    { serverAliveInterval: Number.NaN },
    { serverAliveCountMax: 0 },
    { serverAliveCountMax: 2.5 },
    { serverAliveInterval: "5" as unknown as number },
    { tcpKeepAlive: "no" as unknown as boolean },
  ])("%j counts as not set", (layer) => {
    settings.layers = { workspaceFolder: layer, workspace: layer, user: layer };
    settings.hosts = [{ pattern: "*", ...layer }];
    expect(effective(testHostConfig())).toEqual(
      createKeepaliveResolver(new FakeSettings()).effective(testHostConfig()),
    );
  });

  test("a changed setting counts at the next question", () => {
    const resolver = createKeepaliveResolver(settings);
    resolver.effective(fromFile);
    settings.layers = { workspace: { serverAliveInterval: 1 } };
    expect(resolver.effective(fromFile).serverAliveInterval).toBe(1);
  });
});
