/** Sentences about the keeper. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ChannelError } from "../engine/engineErrors.ts";
import type { KeptListed } from "../engine/keeper/keeperMessages.ts";
import { openSince } from "./forwardText.ts";

export function keeperLabel(): string {
  return t("Keeper");
}

/** What the row of the Live view counts. */
export function sessionsOutside(count: number): string {
  return plural(count, "{0} session outside this window", "{0} sessions outside this window");
}

export function aboutKeeper(): string {
  return t(
    "The keeper holds these sessions. They are open in another window of the editor, or in none. Choose one to open it in this window.",
  );
}

/** `web1`, or `web1 · build` where its terminal has a title of its own. */
export function keptLabel({ host, title }: Pick<KeptListed, "host" | "title">): string {
  return title === host ? printable(host) : `${printable(host)} · ${printable(title)}`;
}

/** @param own the process id of this window. */
export function keptDescription(session: KeptListed, own: number, now: number): string {
  const { window, windowName = "", since, ended } = session;
  const name = printable(windowName, 64);
  const where =
    window === undefined
      ? t("in no window")
      : window === own
        ? t("in this window")
        : name === ""
          ? t("in another window (process {0})", window)
          : t("in the window “{0}” (process {1})", name, window);
  return [where, ended ? t("ended") : openSince(since, now)].join(" · ");
}

/** @param isOn the setting */
export function noKeeper(isOn: boolean): string {
  return isOn
    ? t("No keeper is running. It starts with the next connection.")
    : t("No keeper is running: it is off (sshSessions.keeper).");
}

export function nothingKept(): string {
  return t("The keeper holds no session.");
}

export function stopKeeperQuestion(sessions: number): { readonly message: string; readonly action: string } {
  return {
    message: plural(
      sessions,
      "Stop the keeper? {0} session and its program end.",
      "Stop the keeper? {0} sessions and their programs end.",
    ),
    action: t("Stop Keeper"),
  };
}

export function keeperStopped(): string {
  return t("The keeper has stopped.");
}

/** A login of the window did not get a connection of the keeper. */
export function keeperFailed(host: string, error: Error): string {
  const why =
    ChannelError.is(error) && error.reason === "connection-ended"
      ? t("it ended during the login")
      : printable(error.message);
  return t(
    "The keeper can't be used: {0}. This window connects to {1} itself, and its terminals on this connection end with it. The next connection uses the keeper if it can.",
    why,
    printable(host),
  );
}
