/** The questions before a command ends several sessions. */
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

/** @param sessions the number of sessions that end; two or more. */
export function disconnectAllQuestion(sessions: number): EndQuestion {
  return {
    message: t("Disconnect all {0} SSH sessions?", sessions),
    detail: t("The programs in them will end."),
    action: t("Disconnect All"),
  };
}

/** @param sessions the number of sessions that end; two or more. */
export function killQuestion(sessions: number): EndQuestion {
  return {
    message: t("Kill {0} sessions at once?", sessions),
    detail: t("Their programs can't save anything. Disconnect ends them properly."),
    action: t("Kill {0} Sessions", sessions),
  };
}

export function killAllQuestion(): EndQuestion {
  return {
    message: t("Kill all SSH sessions and connections at once?"),
    detail: t("Their programs can't save anything. Disconnect All ends them properly."),
    action: t("Kill All"),
  };
}

/** @param hosts the connections that do not respond. */
export function killHungQuestion(hosts: string): EndQuestion {
  return {
    message: t("Kill the connections that do not respond ({0})?", hosts),
    detail: t("Their sessions end here. Their programs on the servers end when the servers notice."),
    action: t("Kill"),
  };
}
