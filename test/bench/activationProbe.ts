/**
 * Runs in the extension host (`extensionTestsPath`) and writes how many milliseconds the extension's own code takes:
 * its entry, which each window runs at its start; the first use, with loading and setup; and an empty extension in
 * the same host. Messages between the host and the window are not included.
 */
import { writeFileSync } from "node:fs";
import Module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";

interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
}

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension("ssh-sessions.ssh-sessions");
  if (extension === undefined) {
    throw new Error("The extension was not found.");
  }
  const bundle = join(extension.extensionPath, "dist", "extension.cjs");
  const api = await extension.activate();
  const empty = join(tmpdir(), `empty-extension-${process.pid}.cjs`);
  writeFileSync(empty, "exports.activate = () => undefined;");
  const result = {
    empty: activated(empty, extension.packageJSON),
    entry: activated(bundle, extension.packageJSON),
    first: 0,
  };
  const start = performance.now();
  // The whole extension is loaded before this requests anything.
  const hosts = api.hosts();
  const loader = Module as unknown as Loader;
  const load = loader._load;
  let loaded: number | undefined;
  loader._load = function (this: unknown, request, ...rest) {
    const found = load.call(this, request, ...rest);
    if (request.endsWith("main.cjs")) {
      const { compose } = found as { compose(context: unknown): unknown };
      return {
        // Its other files take modules from it.
        ...(found as object),
        compose: (context: unknown) => {
          const whole = compose(context);
          loaded = performance.now();
          return whole;
        },
      };
    }
    return found;
  };
  await hosts;
  loader._load = load;
  if (loaded === undefined) {
    throw new Error("The host did not load the extension in the usual way.");
  }
  result.first = loaded - start;
  writeFileSync(String(process.env["SSH_SESSIONS_BENCH_RESULT"]), JSON.stringify(result));
}

/** Loads a fresh copy of an extension's file, activates it, and disposes everything that it registers. */
function activated(file: string, manifest: unknown): number {
  const loader = Module as unknown as Loader;
  const load = loader._load;
  delete require.cache[file];
  const subscriptions: vscode.Disposable[] = [];
  const nothing = new vscode.Disposable(() => undefined);
  // The host's copy uses the ids: commands are registered under other ids, and views can't be registered twice.
  const editor = {
    ...vscode,
    commands: {
      ...vscode.commands,
      registerCommand: (id: string, handler: () => unknown) =>
        vscode.commands.registerCommand(`${id}.probe`, handler),
    },
    window: {
      registerTreeDataProvider: () => nothing,
      registerTerminalProfileProvider: () => nothing,
    },
  };
  loader._load = function (this: unknown, request, ...rest) {
    return request === "vscode" ? editor : load.call(this, request, ...rest);
  };
  const start = performance.now();
  const loaded = loader._load(file) as { activate(context: unknown): unknown };
  loaded.activate({
    subscriptions,
    workspaceState: { get: (_key: string, fallback: unknown) => fallback },
    extension: { packageJSON: manifest },
  });
  const milliseconds = performance.now() - start;
  loader._load = load;
  for (const subscription of subscriptions) {
    subscription.dispose();
  }
  return milliseconds;
}
