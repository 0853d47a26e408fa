import type * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { HostSettings, SettingLayer, SettingsFolder, SettingsPort } from "../../config/configPorts.ts";
import { hostPolicyRules, parseHostEntries, policyKeys } from "../../config/hostPolicies.ts";
import { flag, text } from "../../config/settingValues.ts";
import { configurationSection, isHarmlessSetting, settingKeys } from "./contributionIds.ts";

/** The parts of `vscode.workspace` and `vscode.window` that are used here; tests have their own. */
export interface SettingsHost {
  readonly workspace: Pick<
    typeof vscode.workspace,
    | "getConfiguration"
    | "onDidChangeConfiguration"
    | "onDidGrantWorkspaceTrust"
    | "isTrusted"
    | "workspaceFile"
    | "workspaceFolders"
    | "getWorkspaceFolder"
  >;
  readonly window: Pick<typeof vscode.window, "activeTextEditor">;
}

/** Other settings change nothing that is shown or cached: they are read when needed. */
const watchedSettings = [
  ...Object.values(settingKeys).filter((key) => key !== settingKeys.confirmDisconnect),
  ...policyKeys.flatMap((key) => hostPolicyRules[key].setting ?? []),
].map((key) => `${configurationSection}.${key}`);

/** `sshSessions.*` for the config layer. Values of the wrong type or out of range count as not set. */
export class VscodeSettings implements SettingsPort, Disposable {
  readonly #host: SettingsHost;
  readonly #changed = new Emitter<void>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly onDidChange = this.#changed.event;
  /** Parsed once for each change, because every value of every host reads them. */
  #hosts: readonly HostSettings[] | undefined;

  constructor(host: SettingsHost) {
    this.#host = host;
    this.#subscriptions = [
      host.workspace.onDidChangeConfiguration((event) => {
        if (watchedSettings.some((setting) => event.affectsConfiguration(setting))) {
          this.#onChange();
        }
      }),
      // Trust enables the values of restricted settings without a configuration event for each.
      host.workspace.onDidGrantWorkspaceTrust(() => this.#onChange()),
    ];
  }

  get isTrusted(): boolean {
    return this.#host.workspace.isTrusted;
  }

  get configFile(): string {
    return this.#window(settingKeys.configFile, text) ?? "";
  }

  get hosts(): readonly HostSettings[] {
    // The first entry that sets a value counts, so that a workspace's entries don't hide the user's others.
    this.#hosts ??= (["workspace", "user"] as const).flatMap(
      (layer) => parseHostEntries(this.read(settingKeys.hosts, layer)) ?? [],
    );
    return this.#hosts;
  }

  get profileHosts(): readonly string[] {
    return this.#window(settingKeys.profileHosts, hostNames) ?? [];
  }

  /** Disconnect asks first if two or more sessions end with a connection. */
  get confirmsDisconnect(): boolean {
    return this.#window(settingKeys.confirmDisconnect, flag) ?? true;
  }

  /** Hosts of included ssh_config files are grouped by file. */
  get groupsHostsByFile(): boolean {
    return this.#window(settingKeys.groupHostsByFile, flag) ?? false;
  }

  /** Terminals that were open before a reload of the window open again without a question. */
  get reopensTerminals(): boolean {
    return this.#window(settingKeys.reopenTerminals, text) === "auto";
  }

  /**
   * Whether programs in terminals may use our connections. Only the user's own setting counts: no workspace gives this
   * consent.
   */
  get sharesWithPrograms(): "ask" | "on" | "off" {
    const value = text(this.read(settingKeys.sharingPrograms, "user"));
    return value === "on" || value === "off" ? value : "ask";
  }

  /** Whether the windows of this computer share connections. Only the user's own setting counts. */
  get sharesWithWindows(): boolean {
    return flag(this.read(settingKeys.sharingWindows, "user")) ?? true;
  }

  /**
   * Whether connections of the user's own `ssh` are used. Only the user's own setting counts: no workspace gives this
   * consent.
   */
  get sharesUserMasters(): "ask" | "never" | "always" {
    const value = text(this.read(settingKeys.sharingUserMasters, "user"));
    return value === "never" || value === "always" ? value : "ask";
  }

  /** Which connections every `ssh` of the user may use. Only the user's own setting counts. */
  get sharesEverywhere(): "off" | "lasting" | "all" {
    const value = text(this.read(settingKeys.sharingEverywhere, "user"));
    return value === "lasting" || value === "all" ? value : "off";
  }

  /** Whether terminals are sessions of the keeper. Only the user's own setting counts. */
  get keepsTerminals(): boolean {
    return flag(this.read(settingKeys.keeper, "user")) ?? false;
  }

  /** Whether the keeper goes on after a logout. Only the user's own setting counts. */
  get keepsAfterLogout(): boolean {
    return flag(this.read(settingKeys.keeperAfterLogout, "user")) ?? false;
  }

  /** The template for the name of a terminal's tab: see `tabName`. */
  get terminalTitle(): string | undefined {
    return this.#window(settingKeys.terminalTitle, text);
  }

  /** The folder of the active editor, otherwise the first one. */
  get folder(): SettingsFolder | undefined {
    const { workspace, window } = this.#host;
    if (workspace.workspaceFile === undefined) {
      // The settings of a single folder are the workspace's, and inspect() reports them twice.
      return undefined;
    }
    const active = window.activeTextEditor?.document.uri;
    const folder = active === undefined ? undefined : workspace.getWorkspaceFolder(active);
    const chosen = folder ?? workspace.workspaceFolders?.[0];
    return chosen && { uri: chosen.uri.toString(), name: chosen.name };
  }

  read(key: string, layer: SettingLayer, folder?: SettingsFolder): unknown {
    const { workspace } = this.#host;
    if (layer !== "user" && !workspace.isTrusted && !isHarmlessSetting(key)) {
      // VS Code itself withholds restricted settings, but nothing may depend only on a list in package.json.
      return undefined;
    }
    const resource =
      layer === "workspaceFolder"
        ? workspace.workspaceFolders?.find(({ uri }) => uri.toString() === folder?.uri)?.uri
        : undefined;
    if (layer === "workspaceFolder" && resource === undefined) {
      return undefined;
    }
    // Null, not undefined: some versions use the active editor's folder for undefined.
    const found = workspace.getConfiguration(configurationSection, resource ?? null).inspect<unknown>(key);
    switch (layer) {
      case "workspaceFolder":
        return found?.workspaceFolderValue;
      case "workspace":
        return found?.workspaceValue;
      case "user":
        return found?.globalValue;
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
    this.#changed.dispose();
  }

  #onChange(): void {
    this.#hosts = undefined;
    this.#changed.fire();
  }

  /** A value for the whole window: the first valid one of workspace and user setting. */
  #window<T>(key: string, parse: (value: unknown) => T | undefined): T | undefined {
    return parse(this.read(key, "workspace")) ?? parse(this.read(key, "user"));
  }
}

function hostNames(value: unknown): readonly string[] | undefined {
  return Array.isArray(value)
    ? value.filter((host): host is string => typeof host === "string" && host.trim() !== "")
    : undefined;
}
