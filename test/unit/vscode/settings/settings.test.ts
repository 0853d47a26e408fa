import { describe, expect, it, vi } from "vitest";
import type * as vscode from "vscode";
import packageJson from "../../../../package.json" with { type: "json" };
import { configurationSection, settingKeys } from "../../../../src/vscode/settings/contributionIds.ts";
import { type SettingsHost, VscodeSettings } from "../../../../src/vscode/settings/vscodeSettings.ts";

type Layer = "globalValue" | "workspaceValue" | "workspaceFolderValue";

/** The configuration as VS Code would give it, with the keys that were asked for. */
class FakeHost {
  readonly asked = new Set<string>();
  readonly values = new Map<string, Partial<Record<Layer, unknown>>>();
  readonly configurationListeners = new Set<(event: vscode.ConfigurationChangeEvent) => void>();
  readonly trustListeners = new Set<() => void>();
  hasWorkspaceFile = true;

  set(key: string, layer: Layer, value: unknown): this {
    this.values.set(key, { ...this.values.get(key), [layer]: value });
    return this;
  }

  settings(): VscodeSettings {
    const { hasWorkspaceFile } = this;
    const host = {
      workspace: {
        isTrusted: true,
        workspaceFile: hasWorkspaceFile ? { path: "/w.code-workspace" } : undefined,
        workspaceFolders: undefined,
        getWorkspaceFolder: () => undefined,
        onDidChangeConfiguration: (listener: (event: vscode.ConfigurationChangeEvent) => void) => {
          this.configurationListeners.add(listener);
          return { dispose: () => this.configurationListeners.delete(listener) };
        },
        onDidGrantWorkspaceTrust: (listener: () => void) => {
          this.trustListeners.add(listener);
          return { dispose: () => this.trustListeners.delete(listener) };
        },
        getConfiguration: (section: string) => ({
          get: (key: string) => {
            this.asked.add(`${section}.${key}`);
            const { globalValue, workspaceValue, workspaceFolderValue } = this.values.get(key) ?? {};
            return workspaceFolderValue ?? workspaceValue ?? globalValue;
          },
          inspect: (key: string) => {
            this.asked.add(`${section}.${key}`);
            return this.values.get(key) ?? {};
          },
        }),
      },
      window: { activeTextEditor: undefined },
    };
    return new VscodeSettings(host as unknown as SettingsHost);
  }
}

describe("settings", () => {
  it("reads every contributed setting", () => {
    const host = new FakeHost();
    const settings = host.settings();
    void [
      settings.hosts,
      settings.profileHosts,
      settings.configFile,
      settings.linger,
      settings.limits,
      settings.terminals,
      settings.remoteHungAfterSeconds,
    ];
    settings.keepalive("user");
    const contributed = packageJson.contributes.configuration.flatMap(({ properties }) =>
      Object.keys(properties),
    );
    expect([...host.asked].sort()).toEqual(contributed.sort());
  });

  it("tells each layer apart, and leaves unset values out", () => {
    const settings = new FakeHost()
      .set(settingKeys.serverAliveInterval, "globalValue", 60)
      .set(settingKeys.serverAliveInterval, "workspaceValue", 15)
      .set(settingKeys.tcpKeepAlive, "workspaceFolderValue", false)
      .settings();
    expect(settings.keepalive("user")).toEqual({ serverAliveInterval: 60 });
    expect(settings.keepalive("workspace")).toEqual({ serverAliveInterval: 15 });
    expect(settings.keepalive("workspaceFolder")).toEqual({ tcpKeepAlive: false });
  });

  it("counts a single folder's settings as the workspace's", () => {
    const host = new FakeHost();
    host.hasWorkspaceFile = false;
    const settings = host
      .set(settingKeys.serverAliveInterval, "workspaceValue", 15)
      .set(settingKeys.serverAliveInterval, "workspaceFolderValue", 15)
      .settings();
    expect(settings.keepalive("workspaceFolder")).toEqual({});
    expect(settings.keepalive("workspace")).toEqual({ serverAliveInterval: 15 });
  });

  it.each([
    [settingKeys.serverAliveInterval, -1],
    [settingKeys.serverAliveInterval, 1.5],
    [settingKeys.serverAliveInterval, "30"],
    [settingKeys.serverAliveCountMax, 0],
    [settingKeys.tcpKeepAlive, "yes"],
    [settingKeys.linger, -2],
    [settingKeys.linger, Number.NaN],
    [settingKeys.timeLimit, -5],
    [settingKeys.idleLimit, "60"],
  ])("takes %s: %s as not set", (key, value) => {
    const settings = new FakeHost().set(key, "globalValue", value).settings();
    expect(settings.keepalive("user")).toEqual({});
    expect(settings.linger).toEqual({ seconds: 600, source: { kind: "default" } });
    expect(settings.limits).toEqual({ timeLimitSeconds: 0, idleLimitSeconds: 0, commandTimeLimitSeconds: 0 });
  });

  it("has the defaults that package.json shows", () => {
    const shown = Object.assign(
      {},
      ...packageJson.contributes.configuration.map(({ properties }) => properties),
    );
    const settings = new FakeHost().settings();
    expect(settings.linger.seconds).toBe(shown[`${configurationSection}.${settingKeys.linger}`].default);
    expect([settings.hosts, settings.profileHosts, settings.configFile]).toEqual([
      shown["sshSessions.hosts"].default,
      shown["sshSessions.profileHosts"].default,
      shown["sshSessions.configFile"].default,
    ]);
  });

  it("says which layer decides the linger", () => {
    const settings = new FakeHost()
      .set(settingKeys.linger, "globalValue", 60)
      .set(settingKeys.linger, "workspaceValue", -1)
      .settings();
    expect(settings.linger).toEqual({
      seconds: -1,
      source: { kind: "setting", setting: "sshSessions.master.linger", layer: "workspace" },
    });
  });

  it("keeps what makes sense of the entries for hosts, however they are mistyped", () => {
    const settings = new FakeHost()
      .set(settingKeys.hosts, "globalValue", [
        { pattern: " web* ", port: 2222, serverAliveInterval: 5, tcpKeepAlive: false, linger: 0 },
        {
          pattern: "db",
          port: "22",
          hostName: "",
          user: 7,
          serverAliveCountMax: 0,
          ignoreMissingReplies: true,
        },
        { hostName: "no pattern" },
        "web1",
        null,
      ])
      .settings();
    expect(settings.hosts).toEqual([
      { pattern: "web*", port: 2222, serverAliveInterval: 5, tcpKeepAlive: false, linger: 0 },
      { pattern: "db", ignoreMissingReplies: true },
    ]);
  });

  it("takes every property that package.json offers for a host", () => {
    const { properties } =
      packageJson.contributes.configuration[0]?.properties["sshSessions.hosts"]?.items ?? {};
    const examples: Record<string, unknown> = { string: "x", integer: 7, boolean: true };
    const entry = Object.fromEntries(
      Object.entries(properties ?? {}).map(([key, property]) => [
        key,
        key === "persistence"
          ? { command: "dtach -A {name} bash" }
          : "enum" in property
            ? property.enum[0]
            : examples[String(property.type)],
      ]),
    );
    const settings = new FakeHost().set(settingKeys.hosts, "globalValue", [entry]).settings();
    expect(settings.hosts).toEqual([entry]);
    expect(Object.keys(entry).length).toBeGreaterThan(5);
  });

  it("tells of changes to its own section and of trust, and of nothing after its end", () => {
    const host = new FakeHost();
    const settings = host.settings();
    const changed = vi.fn();
    settings.onDidChange(changed);
    const fire = (section: string): void => {
      for (const listener of host.configurationListeners) {
        listener({ affectsConfiguration: (asked: string) => asked === section });
      }
    };
    fire("editor");
    expect(changed).toHaveBeenCalledTimes(0);
    fire("sshSessions");
    expect(changed).toHaveBeenCalledTimes(1);
    for (const listener of host.trustListeners) {
      listener();
    }
    expect(changed).toHaveBeenCalledTimes(2);
    settings.dispose();
    expect([host.configurationListeners.size, host.trustListeners.size]).toEqual([0, 0]);
  });
});
