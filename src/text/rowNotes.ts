/** Sentences in the hovers of the views' rows. No vscode. */
import { plural, t } from "../base/localize.ts";

/** On a connection. */
export const probesIgnoredNote = () =>
  t("This server does not reply to keepalive requests; missing replies do not end the connection.");
export const overflowNote = () =>
  t("An additional connection, because the first one accepts no more sessions.");

/** On a host. */
export const clickNote = () => t("Click to open a terminal.");

/** On the forwards of a connection. */
export const forwardsNote = () => t("Ports and sockets that this connection forwards.");
export const unconnectedForwardsNote = () => t("Forwards of hosts that have no connection now.");

/** On a program of another connection's user. @param isNamed it says who it is */
export const programNote = (isNamed: boolean) =>
  isNamed
    ? t("Another program that uses this connection. It has reported its name and process itself.")
    : t("Another program that uses this connection. It has not said who it is.");

/** Below a list of which only the first are shown. */
export const moreOpenNote = (more: number) => t("{0} more are open.", more);

/** On the fold of ended sessions. */
export const historyNote = (sessions: number) =>
  t("How the last {0} ended.", plural(sessions, "{0} session", "{0} sessions"));

/** On the terminals from before a reload. */
export const beforeNote = () =>
  t(
    "They were open in this workspace, before the window reloaded or in another window. Shells in tmux, screen or zellij still run on their hosts.",
  );
