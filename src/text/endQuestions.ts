/** The questions before a command ends several sessions, or a connection that others use. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

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

/** What ends with a command on rows. */
export interface RowsAtStake extends AtStake {
  /** The host, as the user named it, if all of them are of one. */
  readonly host?: string;
  /** A connection is among them, not only sessions. */
  readonly endsConnection: boolean;
}

/** A question is due: more than one session ends, or something that is not a session of this window. */
export function isMuchAtStake({ sessions, losses }: AtStake): boolean {
  return sessions > 1 || losses.length > 0;
}

export function disconnectQuestion(atStake: RowsAtStake): EndQuestion {
  const { sessions, losses } = atStake;
  const neverAgain = t("Disconnect, Don't Ask Again");
  const message = disconnectMessage(atStake);
  return sessions === 0
    ? { message, detail: losses.join(" "), action: t("Disconnect"), neverAgain }
    : {
        message,
        detail: [t("Their shells receive a hangup, and the programs in them end."), ...losses].join(" "),
        action: plural(sessions, "Disconnect {0} Session", "Disconnect {0} Sessions"),
        neverAgain,
      };
}

function disconnectMessage({ sessions, host, endsConnection }: RowsAtStake): string {
  if (host === undefined) {
    return sessions === 0
      ? t("Disconnect a connection that others use?")
      : plural(sessions, "Disconnect {0} session?", "Disconnect {0} sessions?");
  }
  const name = printable(host);
  if (sessions === 0) {
    return t("Disconnect {0}, whose connection others use?", name);
  }
  return endsConnection
    ? plural(sessions, "Disconnect {1} with its session?", "Disconnect {1} with its {0} sessions?", name)
    : plural(sessions, "Disconnect {0} session on {1}?", "Disconnect {0} sessions on {1}?", name);
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

export function killQuestion(atStake: RowsAtStake): EndQuestion {
  const { sessions, losses } = atStake;
  const nothingSaved = t("Their programs can't save anything. Disconnect ends them properly.");
  return {
    message: killMessage(atStake),
    detail: [nothingSaved, ...losses].join(" "),
    action: sessions === 0 ? t("Kill") : plural(sessions, "Kill {0} Session", "Kill {0} Sessions"),
  };
}

function killMessage({ sessions, host, endsConnection }: RowsAtStake): string {
  if (host === undefined) {
    return sessions === 0
      ? t("Kill a connection that others use?")
      : plural(sessions, "Kill {0} session at once?", "Kill {0} sessions at once?");
  }
  const name = printable(host);
  if (sessions === 0) {
    return t("Kill the connection to {0}, which others use?", name);
  }
  return endsConnection
    ? plural(
        sessions,
        "Kill the connection to {1} with its session at once?",
        "Kill the connection to {1} with its {0} sessions at once?",
        name,
      )
    : plural(sessions, "Kill {0} session on {1} at once?", "Kill {0} sessions on {1} at once?", name);
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
