import type * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { HostSettings, KeepaliveLayer, SettingsPort } from "../../config/configPorts.ts";
import type { ValueSource } from "../../config/hostConfig.ts";
import { configurationSection, settingKeys } from "./contributionIds.ts";
import { parseHostSettings, parsePersistence, parseReconnect, wholeNumber } from "./hostSettingsParser.ts";

/** What is needed of `vscode.workspace` and `vscode.window`; the real ones fit, and so does a test's. */
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

interface Layers {
  readonly user: unknown;
  readonly workspace: unknown;
  readonly workspaceFolder: unknown;
}

/** `sshSessions.*` as the config layer sees it. Values of the wrong type or out of range count as not set. */
export class VscodeSettings implements SettingsPort, Disposable {
  readonly #host: SettingsHost;
  readonly #changed = new Emitter<void>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly onDidChange = this.#changed.event;

  constructor(host: SettingsHost) {
    this.#host = host;
    this.#subscriptions = [
      host.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(configurationSection)) {
          this.#changed.fire();
        }
      }),
      // Trust brings back the values of restricted settings without a configuration event of its own for each.
      host.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    ];
  }

  get isTrusted(): boolean {
    return this.#host.workspace.isTrusted;
  }

  get configFile(): string {
    const value = this.#configuration().get<unknown>(settingKeys.configFile);
    return typeof value === "string" ? value.trim() : "";
  }

  get hosts(): readonly HostSettings[] {
    return parseHostSettings(this.#configuration().get<unknown>(settingKeys.hosts));
  }

  get profileHosts(): readonly string[] {
    const value = this.#configuration().get<unknown>(settingKeys.profileHosts);
    return Array.isArray(value)
      ? value.filter((host): host is string => typeof host === "string" && host.trim() !== "")
      : [];
  }

  keepalive(layer: "workspaceFolder" | "workspace" | "user"): KeepaliveLayer {
    const interval = wholeNumber(this.#layers(settingKeys.serverAliveInterval)[layer], 0);
    const countMax = wholeNumber(this.#layers(settingKeys.serverAliveCountMax)[layer], 1);
    const tcp = this.#layers(settingKeys.tcpKeepAlive)[layer];
    return {
      ...(interval === undefined ? {} : { serverAliveInterval: interval }),
      ...(countMax === undefined ? {} : { serverAliveCountMax: countMax }),
      ...(typeof tcp === "boolean" ? { tcpKeepAlive: tcp } : {}),
    };
  }

  get linger(): { readonly seconds: number; readonly source: ValueSource } {
    const layers = this.#layers(settingKeys.linger);
    for (const layer of ["workspaceFolder", "workspace", "user"] as const) {
      const seconds = wholeNumber(layers[layer], -1);
      if (seconds !== undefined) {
        return {
          seconds,
          source: { kind: "setting", setting: `${configurationSection}.${settingKeys.linger}`, layer },
        };
      }
    }
    return { seconds: defaultLingerSeconds, source: { kind: "default" } };
  }

  get limits(): SettingsPort["limits"] {
    const configuration = this.#configuration();
    return {
      timeLimitSeconds: wholeNumber(configuration.get<unknown>(settingKeys.timeLimit), 0) ?? 0,
      idleLimitSeconds: wholeNumber(configuration.get<unknown>(settingKeys.idleLimit), 0) ?? 0,
      commandTimeLimitSeconds: wholeNumber(configuration.get<unknown>(settingKeys.commandTimeLimit), 0) ?? 0,
    };
  }

  get terminals(): SettingsPort["terminals"] {
    const configuration = this.#configuration();
    const encoding = configuration.get<unknown>(settingKeys.encoding);
    return {
      reconnect: parseReconnect(configuration.get<unknown>(settingKeys.reconnect)) ?? "auto",
      persistence: parsePersistence(configuration.get<unknown>(settingKeys.persistence)) ?? "none",
      encoding: typeof encoding === "string" && encoding.trim() !== "" ? encoding.trim() : "utf-8",
    };
  }

  /** Seconds without input and output after which a sleeping login on a server counts as hung; 0: never. */
  get remoteHungAfterSeconds(): number {
    const minutes = wholeNumber(this.#configuration().get<unknown>(settingKeys.hungAfterMinutes), 0);
    return (minutes ?? defaultHungAfterMinutes) * 60;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
    this.#changed.dispose();
  }

  #configuration(): vscode.WorkspaceConfiguration {
    return this.#host.workspace.getConfiguration(configurationSection, this.#resource() ?? null);
  }

  /** The folder of the active editor, else the first one: there is one set of masters per window, not per folder. */
  #resource(): vscode.Uri | undefined {
    const { workspace, window } = this.#host;
    const active = window.activeTextEditor?.document.uri;
    const folder = active === undefined ? undefined : workspace.getWorkspaceFolder(active);
    return (folder ?? workspace.workspaceFolders?.[0])?.uri;
  }

  #layers(key: string): Layers {
    const found = this.#configuration().inspect<unknown>(key);
    return {
      user: found?.globalValue,
      workspace: found?.workspaceValue,
      // Without a .code-workspace file the folder's settings are the workspace's, and inspect() tells them twice.
      workspaceFolder:
        this.#host.workspace.workspaceFile === undefined ? undefined : found?.workspaceFolderValue,
    };
  }
}

const defaultLingerSeconds = 600;
const defaultHungAfterMinutes = 30;
