import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { WindowSharing } from "../../share/windowSharing.ts";
import { windowKeeps, windowsLoss } from "../../text/windowText.ts";
import { type WindowRowsInit, windowRows } from "../views/rows/guestRows.ts";
import type { Feature } from "./feature.ts";

export interface WindowsFeatureInit extends WindowRowsInit {
  readonly windows: WindowSharing;
  readonly service: Pick<SessionService, "masters">;
}

/** Other windows on our connections. */
export function windowsFeature(init: WindowsFeatureInit): Feature {
  return {
    liveRows: (masters) => [windowRows(masters, init)],
    commands: {},
    others: (masterIds) => ({
      loss: windowsLoss(init.windows.windows().filter(({ masterId }) => masterIds.includes(masterId))),
      stays: init.service
        .masters()
        .flatMap(({ id, heldBy }) => (heldBy && masterIds.includes(id) ? [windowKeeps(heldBy)] : [])),
    }),
  };
}
