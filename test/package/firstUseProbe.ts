/**
 * Runs the built extension, with a stand-in for VS Code's API, until its views have their first rows and the box for a
 * host has its choices: `node firstUseProbe.ts SSH_CONFIG`. Prints a `FirstUse`.
 */
import { readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { repositoryRoot } from "../setup/repository.ts";

export interface FirstUse {
  /** The rows of the Hosts view. */
  readonly rows: readonly string[];
  /** The modules outside main.cjs that were used by then, such as `late.cjs: src/session/sshSession.ts`. */
  readonly usedForRows: readonly string[];
  /** The choices of the box. */
  readonly choices: readonly string[];
  readonly usedForChoices: readonly string[];
}

interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
}

interface Tree {
  getChildren(): Promise<readonly unknown[]>;
  getTreeItem(row: unknown): { readonly label: string };
}

interface Box {
  items: readonly { readonly label: string }[];
}

const [configFile = ""] = process.argv.slice(2);
const require = createRequire(import.meta.url);

/** Stands for each name of the API that has no entry below: it can be called, constructed, extended and read. */
const anything: unknown = new Proxy(function any() {}, {
  // It is no promise, and has no elements and no text.
  get: (target, key) =>
    key === "prototype" ? target.prototype : key === "then" || typeof key === "symbol" ? undefined : anything,
  set: () => true,
  apply: () => anything,
  construct: () => ({}),
});

/** An object with these entries, and with `anything` under all other names. */
function api<T extends object>(entries: T): T {
  return new Proxy(entries, { get: (target, key) => (key in target ? Reflect.get(target, key) : anything) });
}

const nothing = { dispose: () => undefined };
const trees = new Map<string, Tree>();
const commands = new Map<string, () => unknown>();
const boxes: Box[] = [];

class EventEmitter {
  readonly #listeners = new Set<(value: unknown) => void>();

  readonly event = (listener: (value: unknown) => void): typeof nothing => {
    this.#listeners.add(listener);
    return nothing;
  };

  fire(value: unknown): void {
    for (const listener of this.#listeners) {
      listener(value);
    }
  }
}

class TreeItem {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}

/** The bundle copies the names that the API has. */
const declarations = readFileSync(join(repositoryRoot, "node_modules/@types/vscode/index.d.ts"), "utf8");
const names = [...declarations.matchAll(/^\texport (?:namespace|class|enum|const|function) (\w+)/gm)].flatMap(
  ([, name]) => name ?? [],
);

const vscode = {
  ...Object.fromEntries(names.map((name) => [name, anything])),
  version: "1.100.0",
  ...{ EventEmitter, TreeItem },
  l10n: { bundle: undefined },
  env: api({ remoteName: undefined }),
  commands: api({
    registerCommand: (id: string, run: () => unknown) => {
      commands.set(id, run);
      return nothing;
    },
  }),
  window: api({
    terminals: [],
    activeTerminal: undefined,
    activeTextEditor: undefined,
    registerTreeDataProvider: (id: string, tree: Tree) => {
      trees.set(id, tree);
      return nothing;
    },
    createTreeView: (id: string, { treeDataProvider }: { readonly treeDataProvider: Tree }) => {
      trees.set(id, treeDataProvider);
      return api({ visible: true, selection: [] });
    },
    createQuickPick: () => {
      const box = api({ items: [], value: "" });
      boxes.push(box);
      return box;
    },
  }),
  workspace: api({
    textDocuments: [],
    isTrusted: true,
    workspaceFile: undefined,
    workspaceFolders: undefined,
    getConfiguration: () => ({
      get: () => undefined,
      inspect: (key: string) => (key === "configFile" ? { globalValue: configFile } : undefined),
    }),
  }),
};

let used: string[] = [];
/** The modules that were used since the last call. */
function take(): readonly string[] {
  const taken = [...new Set(used)];
  used = [];
  return taken;
}

const loader = Module as unknown as Loader;
const load = loader._load;
loader._load = function (this: unknown, request, ...rest) {
  if (request === "vscode") {
    return vscode;
  }
  const found = load.call(this, request, ...rest);
  const file = /^\.\/((?:late|commands|ssh2Engine)\.cjs)$/.exec(request)?.[1];
  if (file === undefined) {
    return found;
  }
  const { modules } = found as { readonly modules: object };
  return {
    modules: new Proxy(modules, {
      get: (target, name) => {
        used.push(`${file}: ${String(name)}`);
        return Reflect.get(target, name);
      },
    }),
  };
};

// What the extension loads a second after it has shown its rows is not a part of this.
const { setTimeout } = globalThis;
globalThis.setTimeout = ((callback: () => void, delay = 0) =>
  setTimeout(delay < 1000 ? callback : () => undefined, delay)) as typeof setTimeout;

const memento = { get: (_key: string, otherwise: unknown) => otherwise, update: () => Promise.resolve() };
const { activate } = require(join(repositoryRoot, "dist", "extension.cjs")) as {
  activate(context: unknown): unknown;
};
activate({
  subscriptions: [],
  workspaceState: memento,
  globalState: memento,
  extension: { packageJSON: require(join(repositoryRoot, "package.json")) },
  globalStorageUri: { fsPath: join(configFile, "..", "storage") },
  ...{ secrets: anything, extensionUri: anything, environmentVariableCollection: anything },
});
await trees.get("sshSessions.hosts")?.getChildren();
const rows: string[] = [];
for (const tree of trees.values()) {
  for (const row of await tree.getChildren()) {
    rows.push(tree.getTreeItem(row).label);
  }
}
const usedForRows = take();
void commands.get("sshSessions.openTerminal")?.();
while ((boxes[0]?.items.length ?? 0) === 0) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
const choices = boxes[0]?.items.map(({ label }) => label) ?? [];
const result: FirstUse = { rows, usedForRows, choices, usedForChoices: take() };
console.log(JSON.stringify(result));
process.exit();
