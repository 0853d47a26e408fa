import type { KeyReader } from "../../auth/authPorts.ts";
import type { Clock } from "../../base/clock.ts";
import type { ConnectionEngine } from "../connectionEngine.ts";

/** The parts that need the `ssh2` package, which is loaded when the first of them is used. */
export interface LazySsh2 {
  readonly engine: ConnectionEngine;
  readonly keyReader: KeyReader;
  /** Starts loading early, so that it is done when the engine is needed. Never rejects. */
  warmUp(): void;
}

/** Loading ssh2 takes longer than the rest of the activation, so it is loaded only for a connection. */
export function lazySsh2(clock: Clock): LazySsh2 {
  let engine: Promise<ConnectionEngine> | undefined;
  let reader: Promise<KeyReader> | undefined;
  const loadEngine = (): Promise<ConnectionEngine> => {
    engine ??= import("./ssh2Engine.ts").then(({ Ssh2Engine }) => new Ssh2Engine({ clock }));
    return engine;
  };
  const loadReader = (): Promise<KeyReader> => {
    reader ??= import("./keyReader.ts").then(({ createKeyReader }) => createKeyReader());
    return reader;
  };
  return {
    engine: {
      name: "ssh2",
      transport: "given",
      runsInKeeper: true,
      connect: async (request, signal) => await (await loadEngine()).connect(request, signal),
    },
    keyReader: {
      read: async (file, passphrase, signal) => await (await loadReader()).read(file, passphrase, signal),
    },
    warmUp() {
      // A failure occurs again for the connection, which reports it.
      loadEngine().catch(() => {});
      loadReader().catch(() => {});
      import("./kex/mlKem.ts").then(({ warmUpKem }) => warmUpKem()).catch(() => {});
    },
  };
}
