/** Connections of the user's own `ssh`, at the top of the Live view, after ours. */
import type { Clock } from "../../../base/clock.ts";
import type { UserMasters } from "../../../share/userMasters.ts";
import type { UserMasterSnapshot } from "../../../share/userMasterTypes.ts";
import { atTop, RowKind } from "../row.ts";
import { hostTarget, TargetKind } from "../targets.ts";
import { presentUserMaster } from "../userMasterPresentation.ts";

/** A connection of `ssh`: the path of its socket. */
export const userMasterTarget = new TargetKind<string>("userMaster");

export interface UserMasterRowsInit {
  readonly userMasters: Pick<UserMasters, "masters" | "onDidChange">;
  readonly clock: Clock;
}

export function userMasterRows({ userMasters, clock }: UserMasterRowsInit): RowKind<UserMasterSnapshot> {
  return new RowKind({
    name: "userMaster",
    places: [atTop(() => userMasters.masters())],
    key: ({ path }) => `ssh ${path}`,
    present: (master) => presentUserMaster(master, clock.now()),
    targets: ({ path, hosts: [host] }) => [
      userMasterTarget.of(path),
      ...(host === undefined ? [] : [hostTarget.of(host)]),
    ],
    filterTexts: ({ hosts }) => hosts,
    isSubject: true,
    counts: true,
    changes: [userMasters.onDidChange],
  });
}
