import type { Clock } from "../../base/clock.ts";
import type { KeeperSharing } from "../../share/keeper/keeperSharing.ts";
import { keeperFailed } from "../../text/keeperText.ts";
import { showKeeper } from "../commands/showKeeper.ts";
import { stopKeeper } from "../commands/stopKeeper.ts";
import { warn } from "../messages/messages.ts";
import type { KeptTerminals } from "../terminals/keptTerminals.ts";
import { keeperRow } from "../views/rows/keeperRow.ts";
import type { Feature } from "./feature.ts";

export interface KeeperFeatureInit {
  readonly keeper: KeeperSharing;
  readonly kept: KeptTerminals;
  readonly clock: Clock;
}

/** Sessions that outlive their window. */
export function keeperFeature({ keeper, kept, clock }: KeeperFeatureInit): Feature {
  return {
    liveRows: () => [keeperRow(kept, clock)],
    commands: {
      "sshSessions.showKeeper": showKeeper(kept, clock),
      "sshSessions.stopKeeper": stopKeeper(keeper, kept),
    },
    // Nothing else happens in a new window that has no terminal.
    onVisible: (visible) => {
      if (visible) {
        void kept.refresh();
      }
    },
    start: () => keeper.onDidFail(({ host, error }) => warn(keeperFailed(host, error))),
  };
}
