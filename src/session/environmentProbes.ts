import { type Disposable, DisposableStore } from "../base/disposable.ts";
import type { Logger } from "../base/log.ts";
import type { EnvironmentWatcher } from "../master/environmentWatcher.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import type { SessionService } from "./sessionServiceTypes.ts";

/**
 * Probes all connections after the machine woke up or its addresses changed. It watches only while there is a
 * connection, or while something waits to reconnect. It owns the watcher.
 */
export function probeAfterEnvironmentChanges(
  watcher: EnvironmentWatcher,
  parts: {
    readonly service: Pick<SessionService, "environmentChanged" | "masters" | "onDidChange">;
    readonly registry: Pick<MasterRegistry, "masters">;
    readonly logger: Logger;
  },
): Disposable {
  const { service, registry, logger } = parts;
  const store = new DisposableStore();
  store.add(watcher);
  store.add(
    watcher.onDidChange((change) => {
      logger.info(change === "wake" ? "woke up: probing all connections" : "addresses changed: probing");
      service.environmentChanged();
    }),
  );
  store.add(
    service.onDidChange(() => {
      if (
        registry.masters.some((master) => !master.isEnded) ||
        service.masters().some(({ state }) => state.kind === "reconnecting")
      ) {
        watcher.start();
      } else {
        watcher.stop();
      }
    }),
  );
  return store;
}
