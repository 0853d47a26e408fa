/** The question before a command ends several sessions. */
import { t } from "../base/localize.ts";

export interface EndQuestion {
  readonly message: string;
  readonly detail: string;
  /** The buttons. */
  readonly action: string;
  readonly neverAgain?: string;
}

/** @param sessions the number of sessions that end; two or more. */
export function disconnectQuestion(sessions: number): EndQuestion {
  return {
    message: t("Disconnect {0} sessions?", sessions),
    detail: t("Their shells receive a hangup, and the programs in them end."),
    action: t("Disconnect {0} Sessions", sessions),
    neverAgain: t("Disconnect, Don't Ask Again"),
  };
}
