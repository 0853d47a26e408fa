/** The questions before a command ends several sessions, or a connection that others use. */
import { plural, t } from "../base/localize.ts";

export interface EndQuestion {
  readonly message: string;
  readonly detail: string;
  /** The buttons. */
  readonly action: string;
  readonly neverAgain?: string;
}

/** What ends with connections. */
export interface AtStake {
  /** The number of sessions of this window. */
  readonly sessions: number;
  /** Sentences about others that use the connections. */
  readonly losses: readonly string[];
}

/** A question is due: more than one session ends, or something that is not a session of this window. */
export function isMuchAtStake({ sessions, losses }: AtStake): boolean {
  return sessions > 1 || losses.length > 0;
}

export function disconnectQuestion({ sessions, losses }: AtStake): EndQuestion {
  const neverAgain = t("Disconnect, Don't Ask Again");
  return sessions === 0
    ? {
        message: t("Disconnect a connection that others use?"),
        detail: losses.join(" "),
        action: t("Disconnect"),
        neverAgain,
      }
    : {
        message: plural(sessions, "Disconnect {0} session?", "Disconnect {0} sessions?"),
        detail: [t("Their shells receive a hangup, and the programs in them end."), ...losses].join(" "),
        action: plural(sessions, "Disconnect {0} Session", "Disconnect {0} Sessions"),
        neverAgain,
      };
}

export function disconnectAllQuestion({ sessions, losses }: AtStake): EndQuestion {
  const action = t("Disconnect All");
  return sessions === 0
    ? { message: t("Disconnect connections that others use?"), detail: losses.join(" "), action }
    : {
        message: plural(sessions, "Disconnect {0} SSH session?", "Disconnect all {0} SSH sessions?"),
        detail: [t("The programs in them will end."), ...losses].join(" "),
        action,
      };
}

export function killQuestion({ sessions, losses }: AtStake): EndQuestion {
  const nothingSaved = t("Their programs can't save anything. Disconnect ends them properly.");
  const detail = [nothingSaved, ...losses].join(" ");
  return sessions === 0
    ? { message: t("Kill a connection that others use?"), detail, action: t("Kill") }
    : {
        message: plural(sessions, "Kill {0} session at once?", "Kill {0} sessions at once?"),
        detail,
        action: plural(sessions, "Kill {0} Session", "Kill {0} Sessions"),
      };
}

export function killAllQuestion({ losses }: AtStake): EndQuestion {
  const nothingSaved = t("Their programs can't save anything. Disconnect All ends them properly.");
  return {
    message: t("Kill all SSH sessions and connections at once?"),
    detail: [nothingSaved, ...losses].join(" "),
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
