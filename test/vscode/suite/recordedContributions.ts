import * as vscode from "vscode";

/** What the extension has registered in VS Code, which VS Code does not return. */
export interface RecordedContributions {
  /** By the id of the view. */
  readonly trees: Map<string, vscode.TreeDataProvider<unknown>>;
  /** By the id of the profile. */
  readonly profiles: Map<string, vscode.TerminalProfileProvider>;
}

// Each test file is a separate bundle: shared state is kept on the global object.
const shared = globalThis as { sshSessionsRecorded?: RecordedContributions };

/** Call it before the extension is activated: the tests and the extension see the same `vscode` object. */
export function recordContributions(): void {
  const recorded: RecordedContributions = { trees: new Map(), profiles: new Map() };
  shared.sshSessionsRecorded = recorded;
  const window: Pick<
    Writable<typeof vscode.window>,
    "createTreeView" | "registerTerminalProfileProvider"
  > = vscode.window;
  const { createTreeView, registerTerminalProfileProvider } = vscode.window;
  window.createTreeView = (id, options) => {
    recorded.trees.set(id, options.treeDataProvider as vscode.TreeDataProvider<unknown>);
    return createTreeView(id, options);
  };
  window.registerTerminalProfileProvider = (id, provider) => {
    recorded.profiles.set(id, provider);
    return registerTerminalProfileProvider(id, provider);
  };
}

export function recordedContributions(): RecordedContributions {
  if (shared.sshSessionsRecorded === undefined) {
    throw new Error("recordContributions() was not called.");
  }
  return shared.sshSessionsRecorded;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
