/** Sessions, each below its connection. */
import { plural, t } from "../../../base/localize.ts";
import { printable } from "../../../base/log.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionSnapshot } from "../../../session/sessionTypes.ts";
import { destinationText } from "../../../text/humanText.ts";
import type { ConnectionNames } from "../connectionNames.ts";
import type { ItemPresenter } from "../itemPresenter.ts";
import { RowKind, under } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget, sessionTarget } from "../targets.ts";

export interface ShownSession {
  readonly session: SessionSnapshot;
  readonly master: MasterSnapshot;
}

export interface SessionRowsInit {
  readonly itemPresenter: ItemPresenter;
  readonly names: ConnectionNames;
}

export function sessionRows(
  masters: RowKind<MasterSnapshot>,
  { itemPresenter, names }: SessionRowsInit,
): RowKind<ShownSession> {
  return new RowKind({
    name: "session",
    places: [under(masters, (master) => master.sessions.map((session) => ({ session, master })))],
    key: ({ session }) => session.id,
    present: ({ session, master }) => {
      const shown = itemPresenter.session(session, master);
      return {
        ...shown,
        label: printable(names.session(session.title, session.spec)),
        accessibleLabel: t(
          "{0}, on {1}",
          shown.accessibleLabel,
          printable(destinationText(master.destination)),
        ),
      };
    },
    targets: ({ session, master }) => [
      hostTarget.of(session.spec),
      connectionTarget.of(master.id),
      sessionTarget.of(session.id),
      liveTarget.of([session.id]),
    ],
    click: ({ session }) =>
      session.kind === "terminal"
        ? { command: "sshSessions.revealTerminal", title: t("Reveal Terminal") }
        : undefined,
    countTexts: (shown) => [plural(shown.length, "{0} session", "{0} sessions")],
    filterTexts: ({ session }) => [session.title, session.spec],
    counts: true,
  });
}
