import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { RemoteSession } from "../../remote/remoteSession.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { describeHungReason } from "../../text/remoteWords.ts";
import { inform, pickMany } from "../messages/messages.ts";
import { isConnected } from "../serverView/remotePolling.ts";
import { presentRemoteSession } from "../views/remotePresentation.ts";
import { command, optional } from "./command.ts";
import { theConnection } from "./liveFinders.ts";
import { killRemotely, readRemotely } from "./remoteKill.ts";

interface HungItem extends vscode.QuickPickItem {
  readonly master?: MasterSnapshot;
  readonly session?: RemoteSession;
}

/** Lists the hung logins on one server, or on all connected ones, and ends the chosen ones. */
export const killHungRemote = command(optional(theConnection), async (context, { given: chosen }) => {
  const { service, remoteView, remotePolling } = context;
  const masters = service
    .masters()
    .filter((master) => isConnected(master) && (chosen === undefined || master.id === chosen));
  if (masters.length === 0) {
    inform(t("Connect to a host first."));
    return;
  }
  try {
    const snapshots = await Promise.all(
      masters.map(async (master) => [master, await readRemotely(context, master.id, master.spec)] as const),
    );
    const items = snapshots.flatMap(([master, snapshot]) => hungItems(master, snapshot?.sessions ?? []));
    if (items.length === 0) {
      const read = snapshots.filter(([, snapshot]) => snapshot !== undefined);
      if (read.length > 0) {
        const names = [...new Set(read.map(([{ spec }]) => printable(spec)))].join(", ");
        inform(t("No hung login on {0} that you can kill.", names));
      }
      return;
    }
    const picked = await pickMany(items, {
      title: t("Kill Hung Remote Sessions"),
      placeHolder: t("Selected logins get SIGHUP, then SIGTERM after a few seconds"),
      ignoreFocusOut: true,
      matchOnDetail: true,
    });
    await Promise.all(
      masters.map(async (master) => {
        const sessions = (picked ?? []).flatMap((item) =>
          item.session !== undefined && item.master?.id === master.id ? [item.session] : [],
        );
        if (sessions.length > 0) {
          await killRemotely(context, { masterId: master.id, host: master.spec, sessions, onlyHung: true });
        }
      }),
    );
  } finally {
    for (const { id } of masters) {
      // Keep the view if logins still hang. Otherwise it is no longer read, and would soon be out of date.
      const hangs = remoteView.snapshot(id)?.sessions.some(({ hung }) => hung.length > 0) ?? false;
      if (!remotePolling.isOpen(id) && !hangs) {
        remoteView.forget(id);
      }
    }
  }
});

function hungItems(master: MasterSnapshot, sessions: readonly RemoteSession[]): HungItem[] {
  const items = sessions
    .filter(({ hung, targets }) => hung.length > 0 && targets.length > 0)
    .map((session): HungItem => {
      const { label, description } = presentRemoteSession(session);
      return {
        label: label,
        description: description,
        detail: session.hung.map(describeHungReason).join("; "),
        picked: true,
        master,
        session,
      };
    });
  return items.length === 0
    ? []
    : [{ label: printable(master.spec), kind: vscode.QuickPickItemKind.Separator }, ...items];
}
