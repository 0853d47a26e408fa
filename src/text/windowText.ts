/** Sentences about other windows that share a connection. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { WindowName } from "../engine/connectionEngine.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
import { programTraffic } from "./programText.ts";

/** `Window “work”`: another window on a connection of ours. */
export function windowLabel({ name = "" }: Pick<ProgramSnapshot, "name">): string {
  return name === "" ? t("Another window") : t("Window “{0}”", printable(name, 64));
}

/** Which window holds the connection that this one uses. */
export function heldByText({ name, pid, isKeeper }: WindowName): string {
  if (isKeeper === true) {
    return t("the keeper (process {0})", pid);
  }
  return name === ""
    ? t("another window (process {0})", pid)
    : t("the window “{0}” (process {1})", printable(name, 64), pid);
}

/** The same in a row. */
export function holderNote({ isKeeper }: WindowName): string {
  return isKeeper === true ? t("held by the keeper") : t("shared, held by another window");
}

/** What a window below a connection is. */
export function aboutWindow(): string {
  return t(
    "Another window of the editor that uses this connection. If the connection ends, its terminals reconnect by themselves.",
  );
}

/** The number of sessions of other windows. */
export function sessionsElsewhere(windows: readonly ProgramSnapshot[]): number {
  return windows.reduce(
    (sum, { channels }) => sum + channels.filter(({ type }) => type === "session").length,
    0,
  );
}

/** `3 sessions of another window` */
export function sessionsElsewhereText(windows: readonly ProgramSnapshot[]): string {
  const sessions = sessionsElsewhere(windows);
  return severalWindows(windows)
    ? plural(sessions, "{0} session of other windows", "{0} sessions of other windows")
    : plural(sessions, "{0} session of another window", "{0} sessions of another window");
}

function severalWindows(windows: readonly ProgramSnapshot[]): boolean {
  return windows.filter((window) => sessionsElsewhere([window]) > 0).length > 1;
}

/** `2 sessions · ↑ 1 kB ↓ 3 MB · process 1234`. The side bar cuts the end. */
export function windowDescription(window: ProgramSnapshot): string {
  const sessions = plural(sessionsElsewhere([window]), "{0} session", "{0} sessions");
  const parts = [sessions, programTraffic(window)];
  return [...parts, ...(window.pid === undefined ? [] : [t("process {0}", window.pid)])].join(" · ");
}

/** What ends with a connection in other windows. Undefined: nothing. */
export function windowsLoss(windows: readonly ProgramSnapshot[]): string | undefined {
  const sessions = sessionsElsewhere(windows);
  if (sessions === 0) {
    return undefined;
  }
  return severalWindows(windows)
    ? t("{0} sessions of other windows end, too; these windows connect again by themselves.", sessions)
    : plural(
        sessions,
        "{0} session of another window ends, too; that window connects again by itself.",
        "{0} sessions of another window end, too; that window connects again by itself.",
      );
}

/** In the question before this window leaves a connection that another window holds. */
export function windowKeeps(holder: WindowName): string {
  return t("The connection stays with {0}.", heldByText(holder));
}
