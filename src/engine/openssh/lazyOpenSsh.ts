import type { Disposable } from "../../base/disposable.ts";
import type { ConnectionEngine } from "../connectionEngine.ts";
import type { OpenSshEngine, OpenSshEngineOptions } from "./openSshEngine.ts";

export interface LazyOpenSsh extends ConnectionEngine, Disposable {
  /** Those of the user where masters of ours are, or are being made. */
  controlPaths(): ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** Loads the engine when it connects for the first time: most hosts never need it. */
export function lazyOpenSsh(options: OpenSshEngineOptions): LazyOpenSsh {
  let loading: Promise<OpenSshEngine> | undefined;
  let loaded: OpenSshEngine | undefined;
  const load = async (): Promise<OpenSshEngine> => {
    const { OpenSshEngine } = await import("./openSshEngine.ts");
    loaded = new OpenSshEngine(options);
    return loaded;
  };
  return {
    name: "openssh",
    transport: "given",
    connect: async (request, signal) => {
      loading ??= load();
      return await (await loading).connect(request, signal);
    },
    controlPaths: () => loaded?.controlPaths ?? none,
    dispose: () => loaded?.dispose(),
  };
}
