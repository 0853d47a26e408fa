/** The names of states and kinds, one word or two each, and the words for "no value". No vscode. */
import { t } from "../base/localize.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import type { SessionKind, SessionState } from "../session/sessionTypes.ts";

export function connectionStateName(kind: MasterSnapshot["state"]["kind"]): string {
  switch (kind) {
    case "connecting":
      return t("connecting");
    case "ready":
      return t("ready");
    case "lingering":
      return t("idle");
    case "suspect":
      return t("no reply");
    case "hung":
      return t("hung");
    case "disconnecting":
      return t("disconnecting");
    case "lost":
      return t("lost");
    case "closed":
      return t("closed");
    case "reconnecting":
      return t("reconnecting");
  }
}

export function sessionStateName(kind: SessionState["kind"]): string {
  switch (kind) {
    case "opening":
      return t("opening");
    case "open":
      return t("open");
    case "ending":
      return t("ending");
    case "ended":
      return t("ended");
  }
}

export function sessionKindName(kind: SessionKind): string {
  switch (kind) {
    case "terminal":
      return t("terminal");
    case "command":
      return t("command");
    case "script":
      return t("script");
    case "subsystem":
      return t("subsystem");
  }
}

export const offText = () => t("off");
export const noneText = () => t("none");
export const neverText = () => t("never");
export const unknownText = () => t("unknown");
export const yesNoText = (value: boolean) => (value ? t("yes") : t("no"));
/** @param duration as `durations.ts` formats it. */
export const agoText = (duration: string) => t("{0} ago", duration);
