import * as vscode from "vscode";
import type { SshSessionsApi } from "./api.ts";
import type { Whole } from "./compositionRoot.ts";
import { treesLeaveTheirSuccessor } from "./vscode/messages/newerApi.ts";
import {
  configurationSection,
  openForwardsKey,
  openTerminalsKey,
  settingKeys,
  terminalProfileId,
  viewIds,
} from "./vscode/settings/contributionIds.ts";

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

let active: LazyExtension | undefined;

/**
 * Called by VS Code after the window has started, or earlier when a contribution of this extension is used. The main
 * code is loaded at once only when there is work for it, such as terminals to restore after a reload. Otherwise the
 * first use of a command, view, profile or the API loads it.
 */
export function activate(context: vscode.ExtensionContext): SshSessionsApi {
  const lazy = new LazyExtension(context);
  active = lazy;
  if (
    hasSavedForwards() ||
    sharesWithPrograms() ||
    [openTerminalsKey, openForwardsKey].some(
      (key) => context.workspaceState.get<readonly unknown[]>(key, []).length > 0,
    )
  ) {
    void lazy.load();
  }
  return lazy.api;
}

/** VS Code waits for it for 5 seconds, then ends the process. */
export async function deactivate(): Promise<void> {
  await active?.leave();
}

/** Saved forwards listen from the start (see SavedForwards). VS Code leaves out what an untrusted workspace sets. */
function hasSavedForwards(): boolean {
  const hosts: unknown = vscode.workspace.getConfiguration(configurationSection).get(settingKeys.hosts);
  return (
    Array.isArray(hosts) &&
    hosts.some((entry: unknown) => typeof entry === "object" && entry !== null && "forwards" in entry)
  );
}

/** Terminals that open later are to find our connections (see TerminalSharing). */
function sharesWithPrograms(): boolean {
  const sharing = vscode.workspace
    .getConfiguration(configurationSection)
    .inspect<unknown>(settingKeys.sharingPrograms);
  return sharing?.globalValue === "on";
}

/** Our own package.json, which has every command's id. */
function contributedCommands({ packageJSON }: vscode.Extension<unknown>): readonly string[] {
  const { contributes }: Manifest = packageJSON;
  return contributes.commands.map(({ command }) => command);
}

/** Stands in for everything that package.json contributes until the first use of any of it. */
class LazyExtension {
  readonly api: SshSessionsApi;
  readonly #context: vscode.ExtensionContext;
  /** The functions that VS Code calls until the main code, which has its own views, is loaded. */
  readonly #viewStands: readonly vscode.Disposable[];
  /** Listeners that other extensions added before the load. */
  readonly #listeners = new Map<() => void, vscode.Disposable | undefined>();
  #whole: Whole | undefined;
  #loading: Promise<Whole> | undefined;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.api = this.#lazyApi();
    // These stay registered: registering them again when the main code is loaded would take two messages to VS Code
    // for each.
    context.subscriptions.push(
      ...contributedCommands(context.extension).map((id) =>
        vscode.commands.registerCommand(id, async (argument: unknown) => {
          await (await this.load()).callCommand(id, argument);
        }),
      ),
      vscode.window.registerTerminalProfileProvider(terminalProfileId, {
        provideTerminalProfile: async (token) =>
          await (await this.load()).profiles.provideTerminalProfile(token),
      }),
    );
    this.#viewStands = Object.values(viewIds).map((id) =>
      vscode.window.registerTreeDataProvider<never>(id, {
        getTreeItem: (element) => element,
        // The tree that replaces this one has the rows.
        getChildren: async () => {
          await this.load();
          return [];
        },
      }),
    );
    context.subscriptions.push(...this.#viewStands);
  }

  async leave(): Promise<void> {
    await this.#whole?.leave();
  }

  load(): Promise<Whole> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Whole> {
    // VS Code is notified before the code is loaded, and replies meanwhile.
    const viewsEnd = Promise.all(this.#viewStands.map((stand) => stand.dispose() as unknown));
    const { compose: composeWhole } = await import("./compositionRoot.ts");
    if (!treesLeaveTheirSuccessor(vscode.version)) {
      await viewsEnd;
    }
    const whole = composeWhole(this.#context);
    this.#context.subscriptions.push(whole);
    this.#whole = whole;
    for (const listener of this.#listeners.keys()) {
      this.#listeners.set(listener, whole.api.onDidChange(listener));
    }
    return whole;
  }

  /** Before the load there is nothing to read: no connection and no change. */
  #lazyApi(): SshSessionsApi {
    const api = async (): Promise<SshSessionsApi> => (await this.load()).api;
    return Object.freeze<SshSessionsApi>({
      version: 1,
      masters: () => this.#whole?.api.masters() ?? Object.freeze([]),
      onDidChange: (listener) => {
        // A new function for each subscription, because the same listener may be added twice.
        const call = (): void => listener();
        this.#listeners.set(call, this.#whole?.api.onDidChange(call));
        return {
          dispose: () => {
            this.#listeners.get(call)?.dispose();
            this.#listeners.delete(call);
          },
        };
      },
      hosts: async () => await (await api()).hosts(),
      connect: async (...given) => await (await api()).connect(...given),
      openTerminal: async (...given) => await (await api()).openTerminal(...given),
      exec: async (...given) => await (await api()).exec(...given),
      disconnect: async (...given) => await (await api()).disconnect(...given),
      kill: async (...given) => await (await api()).kill(...given),
      forwards: () => this.#whole?.api.forwards() ?? Object.freeze([]),
      forward: async (...given) => await (await api()).forward(...given),
      stop: async (...given) => await (await api()).stop(...given),
    });
  }
}
