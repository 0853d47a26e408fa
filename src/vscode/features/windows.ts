import type { WindowSharing } from "../../share/windowSharing.ts";
import { windowsLoss } from "../../text/windowText.ts";
import { type WindowRowsInit, windowRows } from "../views/rows/guestRows.ts";
import type { Feature } from "./feature.ts";

export interface WindowsFeatureInit extends WindowRowsInit {
  readonly windows: WindowSharing;
}

/** Other windows on our connections. */
export function windowsFeature(init: WindowsFeatureInit): Feature {
  return {
    liveRows: (masters) => [windowRows(masters, init)],
    commands: {},
    loss: (masterIds) =>
      windowsLoss(init.windows.windows().filter(({ masterId }) => masterIds.includes(masterId))),
  };
}
