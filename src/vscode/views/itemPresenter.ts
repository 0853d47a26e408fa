import type { Clock } from "../../base/clock.ts";
import { printable } from "../../base/log.ts";
import type { HostEntry } from "../../config/configPorts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionSnapshot } from "../../session/sessionTypes.ts";
import { presentMaster } from "./connectionPresentation.ts";
import { presentEnded } from "./historyPresentation.ts";
import type { ShownHost } from "./hostList.ts";
import {
  type HostLife,
  hostDescription,
  hostIcon,
  presentHost,
  presentTypedHost,
} from "./hostPresentation.ts";
import type { ItemPresentation } from "./row.ts";
import { presentSession } from "./sessionPresentation.ts";

/** How hosts, connections and sessions look: the same in the views and in the lists of choices. No vscode. */
export class ItemPresenter {
  readonly #clock: Pick<Clock, "now">;
  readonly #home: string;

  /** @param home the home directory, shown as `~` in paths. */
  constructor(clock: Pick<Clock, "now">, home: string) {
    this.#clock = clock;
    this.#home = home;
  }

  host({ host, entry, shortName, life, shared }: ShownHost): ItemPresentation {
    return entry === undefined
      ? presentTypedHost(host, life, shared, shortName)
      : presentHost(entry, life, this.#home, shared, shortName);
  }

  /**
   * A host in a list of choices.
   * @param entry undefined: it is in no file and no setting.
   * @param life undefined: it has no connection.
   */
  hostChoice(
    host: string,
    entry: HostEntry | undefined,
    life: HostLife | undefined,
  ): Pick<ItemPresentation, "label" | "description" | "icon"> {
    return {
      label: printable(host),
      description: entry === undefined ? "" : hostDescription(entry),
      icon: hostIcon(life),
    };
  }

  /** @param shared other extensions may use its host. @param name a shorter name than the host's. */
  connection(master: MasterSnapshot, shared = false, name?: string): ItemPresentation {
    return presentMaster(master, this.#clock.now(), this.#home, shared, name);
  }

  /** @param master its connection. */
  session(session: SessionSnapshot, master: MasterSnapshot): ItemPresentation {
    return presentSession(session, master, this.#clock.now(), this.#home);
  }

  /** For the list of sessions that have ended. */
  endedSession(session: SessionSnapshot): ItemPresentation {
    return presentEnded(session, this.#clock.now(), this.#home);
  }
}
