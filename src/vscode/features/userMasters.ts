import * as vscode from "vscode";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { UserMasters } from "../../share/userMasters.ts";
import { sshKeeps } from "../../text/userMasterText.ts";
import { exitUserMaster } from "../commands/exitUserMaster.ts";
import { stopUserMaster } from "../commands/stopUserMaster.ts";
import { useUserMaster } from "../commands/useUserMaster.ts";
import { type UserMasterRowsInit, userMasterRows } from "../views/rows/userMasterRows.ts";
import type { Feature } from "./feature.ts";

export interface UserMastersFeatureInit extends UserMasterRowsInit {
  readonly userMasters: UserMasters;
  readonly service: Pick<SessionService, "masters">;
}

/** Connections of the user's own `ssh`. */
export function userMastersFeature(init: UserMastersFeatureInit): Feature {
  const { userMasters } = init;
  return {
    liveRows: () => [userMasterRows(init)],
    commands: {
      "sshSessions.useUserMaster": useUserMaster(userMasters),
      "sshSessions.stopUserMaster": stopUserMaster(userMasters),
      "sshSessions.exitUserMaster": exitUserMaster(userMasters),
    },
    others: (masterIds) => ({
      stays: init.service
        .masters()
        .flatMap(({ id, rides }) => (rides && masterIds.includes(id) ? [sshKeeps(rides)] : [])),
    }),
    onVisible: (visible) => userMasters.setVisible(visible),
    start: () =>
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) {
          userMasters.refresh();
        }
      }),
  };
}
