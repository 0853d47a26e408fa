import { describe, expect, it, vi } from "vitest";
import type * as vscode from "vscode";
import packageJson from "../../../../package.json" with { type: "json" };
import { HostPolicies, hostPolicyRules, policyKeys } from "../../../../src/config/hostPolicies.ts";
import { settingKeys } from "../../../../src/vscode/settings/contributionIds.ts";
import { type SettingsHost, VscodeSettings } from "../../../../src/vscode/settings/vscodeSettings.ts";

type Layer = "globalValue" | "workspaceValue" | "workspaceFolderValue";

/** The configuration as VS Code would return it, with the requested keys. */
class FakeHost {
  readonly asked = new Set<string>();
  readonly values = new Map<string, Partial<Record<Layer, unknown>>>();
  readonly configurationListeners = new Set<(event: vscode.ConfigurationChangeEvent) => void>();
  readonly trustListeners = new Set<() => void>();
  hasWorkspaceFile = true;
  isTrusted = true;
  folders: { readonly name: string; readonly uri: { toString(): string } }[] = [];
  /** The folder of the active editor. */
  active: number | undefined;
  /** By folder, values that only its settings file sets. */
  readonly inFolder = new Map<string, Map<string, unknown>>();

  set(key: string, layer: Layer, value: unknown): this {
    this.values.set(key, { ...this.values.get(key), [layer]: value });
    return this;
  }

  settings(): VscodeSettings {
    const self = this;
    const host = {
      workspace: {
        get isTrusted() {
          return self.isTrusted;
        },
        workspaceFile: this.hasWorkspaceFile ? { path: "/w.code-workspace" } : undefined,
        get workspaceFolders() {
          return self.folders;
        },
        getWorkspaceFolder: () => self.folders[self.active ?? 0],
        onDidChangeConfiguration: (listener: (event: vscode.ConfigurationChangeEvent) => void) => {
          this.configurationListeners.add(listener);
          return { dispose: () => this.configurationListeners.delete(listener) };
        },
        onDidGrantWorkspaceTrust: (listener: () => void) => {
          this.trustListeners.add(listener);
          return { dispose: () => this.trustListeners.delete(listener) };
        },
        getConfiguration: (section: string, scope: { toString(): string } | null) => ({
          inspect: (key: string) => {
            this.asked.add(`${section}.${key}`);
            const own = scope === null ? undefined : this.inFolder.get(scope.toString())?.get(key);
            return { ...this.values.get(key), ...(own !== undefined && { workspaceFolderValue: own }) };
          },
        }),
      },
      window: {
        get activeTextEditor() {
          return self.active === undefined ? undefined : { document: { uri: {} } };
        },
      },
    };
    return new VscodeSettings(host as unknown as SettingsHost);
  }
}

const folder = (name: string) => ({ name, uri: { toString: () => `file:///${name}` } });

describe("settings", () => {
  it("read every contributed setting", () => {
    const host = new FakeHost();
    const settings = host.settings();
    const policies = new HostPolicies(settings);
    void [
      settings.hosts,
      settings.profileHosts,
      settings.configFile,
      settings.confirmsDisconnect,
      settings.reopensTerminals,
      settings.terminalTitle,
      settings.groupsHostsByFile,
      settings.sharesWithPrograms,
      settings.sharesWithWindows,
      settings.sharesUserMasters,
      settings.sharesEverywhere,
      settings.keepsTerminals,
      settings.keepsAfterLogout,
    ];
    for (const key of policyKeys) {
      policies.get(key, { alias: "web1" });
    }
    const contributed = packageJson.contributes.configuration.flatMap(({ properties }) =>
      Object.keys(properties),
    );
    expect([...host.asked].sort()).toEqual(contributed.sort());
  });

  it("allow only the user to decide whether windows share connections", () => {
    const key = settingKeys.sharingWindows;
    expect(new FakeHost().settings().sharesWithWindows).toBe(true);
    expect(new FakeHost().set(key, "globalValue", false).settings().sharesWithWindows).toBe(false);
    expect(new FakeHost().set(key, "workspaceValue", false).settings().sharesWithWindows).toBe(true);
    const host = new FakeHost().set(key, "globalValue", false).set(key, "workspaceFolderValue", true);
    expect(host.settings().sharesWithWindows).toBe(false);
  });

  it("allow only the user to use the connections of their ssh", () => {
    const key = settingKeys.sharingUserMasters;
    const given = (value: unknown) => new FakeHost().set(key, "globalValue", value);
    expect(new FakeHost().settings().sharesUserMasters).toBe("ask");
    expect(given("always").settings().sharesUserMasters).toBe("always");
    expect(given("never").set(key, "workspaceValue", "always").settings().sharesUserMasters).toBe("never");
    expect(new FakeHost().set(key, "workspaceFolderValue", "always").settings().sharesUserMasters).toBe(
      "ask",
    );
    expect(given("perhaps").settings().sharesUserMasters).toBe("ask");
  });

  it("allow only the user to share connections with every terminal", () => {
    const key = settingKeys.sharingEverywhere;
    const given = (value: unknown) => new FakeHost().set(key, "globalValue", value);
    expect(new FakeHost().settings().sharesEverywhere).toBe("off");
    expect(given("lasting").settings().sharesEverywhere).toBe("lasting");
    expect(given("lasting").set(key, "workspaceValue", "all").settings().sharesEverywhere).toBe("lasting");
    expect(new FakeHost().set(key, "workspaceFolderValue", "all").settings().sharesEverywhere).toBe("off");
    expect(given("perhaps").settings().sharesEverywhere).toBe("off");
  });

  it("allow only the user to let terminals outlive their window, and a logout", () => {
    for (const [key, name] of [
      [settingKeys.keeper, "keepsTerminals"],
      [settingKeys.keeperAfterLogout, "keepsAfterLogout"],
    ] as const) {
      expect(new FakeHost().settings()[name]).toBe(false);
      expect(new FakeHost().set(key, "globalValue", true).settings()[name]).toBe(true);
      expect(new FakeHost().set(key, "workspaceValue", true).settings()[name]).toBe(false);
      expect(new FakeHost().set(key, "globalValue", "on").settings()[name]).toBe(false);
    }
  });

  it("allow only the user to share connections with programs", () => {
    const key = settingKeys.sharingPrograms;
    const given = (value: unknown) => new FakeHost().set(key, "globalValue", value);
    expect(new FakeHost().settings().sharesWithPrograms).toBe("ask");
    expect(given("on").settings().sharesWithPrograms).toBe("on");
    expect(given("off").set(key, "workspaceValue", "on").settings().sharesWithPrograms).toBe("off");
    expect(new FakeHost().set(key, "workspaceFolderValue", "on").settings().sharesWithPrograms).toBe("ask");
    expect(given("perhaps").settings().sharesWithPrograms).toBe("ask");
  });

  it("distinguish the layers, and omit unset values", () => {
    const host = new FakeHost()
      .set("keepalive.serverAliveInterval", "globalValue", 60)
      .set("keepalive.serverAliveInterval", "workspaceValue", 15);
    host.folders = [folder("api"), folder("web")];
    host.inFolder.set("file:///api", new Map([["keepalive.tcpKeepAlive", false]]));
    const settings = host.settings();
    const api = { uri: "file:///api", name: "api" };
    expect(settings.read("keepalive.serverAliveInterval", "user")).toBe(60);
    expect(settings.read("keepalive.serverAliveInterval", "workspace")).toBe(15);
    expect(settings.read("keepalive.serverAliveInterval", "workspaceFolder", api)).toBeUndefined();
    expect(settings.read("keepalive.tcpKeepAlive", "workspaceFolder", api)).toBe(false);
    expect(settings.read("keepalive.tcpKeepAlive", "workspaceFolder")).toBeUndefined();
    expect(settings.read("keepalive.tcpKeepAlive", "workspace")).toBeUndefined();
  });

  it("use the folder of the active editor, and none if the only folder's settings are the workspace's", () => {
    const host = new FakeHost();
    host.folders = [folder("api"), folder("web")];
    const settings = host.settings();
    expect(settings.folder).toEqual({ uri: "file:///api", name: "api" });
    host.active = 1;
    expect(settings.folder).toEqual({ uri: "file:///web", name: "web" });
    host.hasWorkspaceFile = false;
    expect(host.settings().folder).toBeUndefined();
  });

  it("ignore folder settings that choose a destination, whichever editor is active", () => {
    const host = new FakeHost()
      .set(settingKeys.hosts, "globalValue", [{ pattern: "web1", hostName: "right.example" }])
      .set(settingKeys.configFile, "globalValue", "/right");
    host.folders = [folder("api"), folder("web")];
    const wrong = new Map<string, unknown>([
      [settingKeys.hosts, [{ pattern: "web1", hostName: "wrong.example", user: "eve", port: 2222 }]],
      [settingKeys.configFile, "/wrong"],
      [settingKeys.profileHosts, ["wrong"]],
    ]);
    host.inFolder.set("file:///web", wrong);
    const settings = host.settings();
    const seen = () => JSON.stringify([settings.hosts, settings.configFile, settings.profileHosts]);
    const before = seen();
    host.active = 1;
    expect(seen()).toBe(before);
    expect(before).not.toContain("wrong");
  });

  it("use a workspace's value only if it is valid, otherwise the user's", () => {
    const settings = new FakeHost()
      .set(settingKeys.hosts, "globalValue", [{ pattern: "db" }])
      .set(settingKeys.hosts, "workspaceValue", "db")
      .set(settingKeys.configFile, "globalValue", "~/mine")
      .set(settingKeys.configFile, "workspaceValue", 7)
      .settings();
    expect([settings.hosts, settings.configFile]).toEqual([[{ pattern: "db" }], "~/mine"]);
  });

  it("have a workspace's entries for hosts before the user's, which it does not hide", () => {
    const settings = new FakeHost()
      .set(settingKeys.hosts, "globalValue", [{ pattern: "web1", timeLimit: 1 }, { pattern: "db" }])
      .set(settingKeys.hosts, "workspaceValue", [{ pattern: "web1", timeLimit: 2 }])
      .settings();
    expect(settings.hosts.map(({ pattern }) => pattern)).toEqual(["web1", "web1", "db"]);
    expect(new HostPolicies(settings).get("timeLimit", { alias: "web1" }).value).toBe(2);
  });

  it("use nothing from an untrusted workspace, and all of it once it is trusted", () => {
    const host = new FakeHost();
    for (const key of Object.values(settingKeys)) {
      host.set(key, "workspaceValue", 1);
    }
    host.set(settingKeys.hosts, "workspaceValue", [{ pattern: "*", timeLimit: 1 }]);
    host.folders = [folder("api")];
    host.inFolder.set("file:///api", new Map([["limits.timeLimit", 1]]));
    host.isTrusted = false;
    const settings = host.settings();
    const policies = new HostPolicies(settings);
    const values = () =>
      policyKeys.map(
        (key) => policies.get(key, { alias: "web1" }, { uri: "file:///api", name: "api" }).value,
      );
    expect(values()).toEqual(policyKeys.map((key) => hostPolicyRules[key].default));
    expect(settings.hosts).toEqual([]);
    host.isTrusted = true;
    for (const listener of host.trustListeners) {
      listener();
    }
    expect(settings.hosts).toHaveLength(1);
    expect(policies.get("timeLimit", { alias: "web1" }).value).toBe(1);
  });

  it("report changes of their own section and of trust, and nothing after their end", () => {
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
    // Read when a connection is ended; no view depends on it.
    fire("sshSessions.confirmDisconnect");
    expect(changed).toHaveBeenCalledTimes(0);
    fire("sshSessions.hosts");
    expect(changed).toHaveBeenCalledTimes(1);
    for (const listener of host.trustListeners) {
      listener();
    }
    expect(changed).toHaveBeenCalledTimes(2);
    settings.dispose();
    expect([host.configurationListeners.size, host.trustListeners.size]).toEqual([0, 0]);
  });
});
