/**
 * Runs in the extension host (`extensionTestsPath`): activates the extension and writes how many milliseconds its own
 * code took, loading and `activate()` to the end. That is what VS Code shows as its activation time. What the host and
 * the window tell each other around it (40 ms for an empty extension) is not in it.
 */
import { writeFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import * as vscode from "vscode";

interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
}

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension("ssh-sessions.ssh-sessions");
  if (extension === undefined || extension.isActive) {
    throw new Error(extension === undefined ? "It is not there." : "Something has activated it already.");
  }
  const bundle = join(extension.extensionPath, "dist", "extension.cjs");
  const loader = Module as unknown as Loader;
  const load = loader._load;
  let milliseconds: number | undefined;
  let activated: Promise<void> | undefined;
  loader._load = function (this: unknown, request, ...rest) {
    if (request !== bundle) {
      return load.call(this, request, ...rest);
    }
    const start = performance.now();
    const loaded = load.call(this, request, ...rest) as { activate(context: unknown): unknown };
    const loading = performance.now() - start;
    return {
      ...loaded,
      activate: (context: unknown) => {
        const call = performance.now();
        const result = loaded.activate(context);
        activated = Promise.resolve(result).then(() => {
          milliseconds = loading + performance.now() - call;
        });
        return result;
      },
    };
  };
  await extension.activate();
  await activated;
  loader._load = load;
  if (milliseconds === undefined) {
    throw new Error(`The host did not load ${bundle} in the usual way.`);
  }
  writeFileSync(String(process.env["SSH_SESSIONS_BENCH_RESULT"]), JSON.stringify(milliseconds));
}
