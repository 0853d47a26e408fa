/** A server's own view, in a fold below its connection: logins there, and what is missing. */
import { t } from "../../../base/localize.ts";
import { printable } from "../../../base/log.ts";
import type { RemoteSession } from "../../../remote/remoteSession.ts";
import type { RemoteViewService } from "../../../remote/remoteViewService.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import { destinationText } from "../../../text/humanText.ts";
import type { RemoteNote } from "../../../text/remoteViewText.ts";
import { isConnected, type RemotePolling } from "../../serverView/remotePolling.ts";
import {
  inShownOrder,
  presentFold,
  presentRemoteNote,
  presentRemoteSession,
  remoteNotes,
} from "../remotePresentation.ts";
import { type ItemPresentation, RowKind, under } from "../row.ts";
import {
  connectionTarget,
  hostTarget,
  remoteLoginTarget,
  serverLoginsTarget,
  type Target,
} from "../targets.ts";

export interface ServerLoginRowsInit {
  readonly remote: RemoteViewService;
  readonly polling: RemotePolling;
}

function serverTargets({ id, spec }: MasterSnapshot): readonly Target[] {
  return [hostTarget.of(spec), connectionTarget.of(id), serverLoginsTarget.of(id)];
}

/** A screen reader names the server, because the row's position is not read out. */
function onServer(shown: ItemPresentation, { spec, destination }: MasterSnapshot): ItemPresentation {
  const server = [...new Set([printable(spec), printable(destinationText(destination))])].join(", ");
  return { ...shown, accessibleLabel: t("{0}, server {1}", shown.accessibleLabel, server) };
}

/** The fold. */
export function serverRows(
  masters: RowKind<MasterSnapshot>,
  { remote, polling }: ServerLoginRowsInit,
): RowKind<MasterSnapshot> {
  return new RowKind({
    name: "onServer",
    places: [under(masters, (master) => (isConnected(master) && polling.isShown(master.id) ? [master] : []))],
    key: ({ id }) => `server ${id}`,
    present: (master) => {
      const { id } = master;
      return onServer(presentFold(remote.snapshot(id), remote.failure(id), polling.isOpen(id)), master);
    },
    targets: serverTargets,
    fold: ({ id }) => (polling.isOpen(id) ? "expanded" : "collapsed"),
    onFold: ({ id }, open) => polling.setOpen(id, open),
    changes: [remote.onDidChange, polling.onDidChange],
  });
}

/** A login. */
export function serverLoginRows(
  servers: RowKind<MasterSnapshot>,
  { remote }: Pick<ServerLoginRowsInit, "remote">,
): RowKind<{ readonly login: RemoteSession; readonly master: MasterSnapshot }> {
  return new RowKind({
    name: "remoteSession",
    places: [
      under(servers, (master) =>
        inShownOrder(remote.snapshot(master.id)?.sessions ?? []).map((login) => ({ login, master })),
      ),
    ],
    key: ({ login, master }) => `server ${master.id} session ${login.id}`,
    present: ({ login, master }) => onServer(presentRemoteSession(login), master),
    targets: ({ login, master }) => [
      ...serverTargets(master),
      remoteLoginTarget.of({ masterId: master.id, id: login.id }),
    ],
  });
}

/** A row that says what is missing. */
export function serverNoteRows(
  servers: RowKind<MasterSnapshot>,
  { remote }: Pick<ServerLoginRowsInit, "remote">,
): RowKind<{ readonly note: RemoteNote; readonly master: MasterSnapshot }> {
  return new RowKind({
    name: "remoteNote",
    places: [
      under(servers, (master) =>
        remoteNotes(remote.snapshot(master.id), remote.failure(master.id)).map((note) => ({ note, master })),
      ),
    ],
    key: ({ note, master }) => `server ${master.id} note ${note}`,
    present: ({ note, master }) => onServer(presentRemoteNote(note, remote.failure(master.id)), master),
    targets: ({ master }) => serverTargets(master),
  });
}
