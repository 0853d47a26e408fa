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

/** What others have on connections that end for this window. */
export interface OthersAtStake {
  /** The number of other programs that lose their connection. */
  readonly programs: number;
  /** Sentences about what they and other windows lose. */
  readonly losses: readonly string[];
  /** Sentences about what goes on without this window. */
  readonly stays: readonly string[];
}

/** The same of one kind of others. Undefined: nothing. */
export interface OthersPart {
  readonly programs?: number;
  readonly loss?: string | undefined;
  readonly stays?: readonly (string | undefined)[];
}

export function sumOfOthers(parts: readonly OthersPart[]): OthersAtStake {
  const isText = (text: string | undefined): text is string => text !== undefined;
  return {
    programs: parts.reduce((sum, { programs = 0 }) => sum + programs, 0),
    losses: parts.map(({ loss }) => loss).filter(isText),
    stays: parts.flatMap(({ stays = [] }) => stays).filter(isText),
  };
}

/** What ends with connections. */
export interface AtStake extends OthersAtStake {
  /** The number of sessions of this window. */
  readonly sessions: number;
}

/** What ends with a command on rows. */
export interface RowsAtStake extends AtStake {
  /** The host, as the user named it, if all of them are of one. */
  readonly host?: string;
  /** A connection ends with them, not only sessions. */
  readonly endsConnection: boolean;
}

type Counts = Pick<AtStake, "sessions" | "programs">;

/** A question is due: more than one session ends, or something that is not a session of this window. */
export function isMuchAtStake({ sessions, losses }: AtStake): boolean {
  return sessions > 1 || losses.length > 0;
}

export function disconnectQuestion(atStake: RowsAtStake): EndQuestion {
  const { sessions } = atStake;
  const hangup =
    sessions === 0
      ? []
      : [
          plural(
            sessions,
            "The session's shell receives a hangup, and the programs in it end.",
            "The sessions' shells receive a hangup, and the programs in them end.",
          ),
        ];
  return {
    message: disconnectMessage(atStake),
    detail: detailOf(hangup, atStake),
    action: disconnectAction(atStake),
    neverAgain: t("Disconnect, Don't Ask Again"),
  };
}

function disconnectMessage(atStake: RowsAtStake): string {
  const { sessions, host, endsConnection } = atStake;
  const isForOthers = isNothing(atStake);
  if (host === undefined) {
    return isForOthers
      ? t("Disconnect a connection that others use?")
      : t("Disconnect {0}?", thatEnd(atStake));
  }
  const name = printable(host);
  if (isForOthers) {
    return t("Disconnect {0}, whose connection others use?", name);
  }
  return endsConnection
    ? t("Disconnect {0} with {1}?", name, withIt(atStake))
    : plural(sessions, "Disconnect {0} session on {1}?", "Disconnect {0} sessions on {1}?", name);
}

function disconnectAction({ sessions, programs }: Counts): string {
  if (programs === 0) {
    return sessions === 0
      ? t("Disconnect")
      : plural(sessions, "Disconnect {0} Session", "Disconnect {0} Sessions");
  }
  return sessions === 0
    ? plural(programs, "Disconnect {0} Program", "Disconnect {0} Programs")
    : plural(
        programs,
        "Disconnect {1} and {0} Program",
        "Disconnect {1} and {0} Programs",
        plural(sessions, "{0} Session", "{0} Sessions"),
      );
}

export function disconnectAllQuestion(atStake: AtStake): EndQuestion {
  const { sessions } = atStake;
  const ends =
    sessions === 0
      ? []
      : [plural(sessions, "The programs in the session will end.", "The programs in the sessions will end.")];
  return {
    message: disconnectAllMessage(atStake),
    detail: detailOf(ends, atStake),
    action: t("Disconnect All"),
  };
}

function disconnectAllMessage({ sessions, programs }: AtStake): string {
  if (sessions === 0) {
    return programs === 0
      ? t("Disconnect connections that others use?")
      : plural(
          programs,
          "Disconnect all connections, and {0} program on them?",
          "Disconnect all connections, and {0} programs on them?",
        );
  }
  return programs === 0
    ? plural(sessions, "Disconnect {0} SSH session?", "Disconnect all {0} SSH sessions?")
    : plural(
        programs,
        "Disconnect {1} and {0} program?",
        "Disconnect {1} and {0} programs?",
        plural(sessions, "{0} SSH session", "all {0} SSH sessions"),
      );
}

export function killQuestion(atStake: RowsAtStake): EndQuestion {
  const { sessions } = atStake;
  const nothingSaved =
    sessions === 0
      ? []
      : [
          plural(
            sessions,
            "The programs in the session can't save anything. Disconnect ends it properly.",
            "The programs in the sessions can't save anything. Disconnect ends them properly.",
          ),
        ];
  return {
    message: killMessage(atStake),
    detail: detailOf(nothingSaved, atStake),
    action: killAction(atStake),
  };
}

function killMessage(atStake: RowsAtStake): string {
  const { sessions, host, endsConnection } = atStake;
  const isForOthers = isNothing(atStake);
  if (host === undefined) {
    return isForOthers ? t("Kill a connection that others use?") : t("Kill {0} at once?", thatEnd(atStake));
  }
  const name = printable(host);
  if (isForOthers) {
    return t("Kill the connection to {0}, which others use?", name);
  }
  return endsConnection
    ? t("Kill the connection to {0} with {1} at once?", name, withIt(atStake))
    : plural(sessions, "Kill {0} session on {1} at once?", "Kill {0} sessions on {1} at once?", name);
}

function killAction({ sessions, programs }: Counts): string {
  if (programs === 0) {
    return sessions === 0 ? t("Kill") : plural(sessions, "Kill {0} Session", "Kill {0} Sessions");
  }
  return sessions === 0
    ? plural(programs, "Kill {0} Program", "Kill {0} Programs")
    : plural(
        programs,
        "Kill {1} and {0} Program",
        "Kill {1} and {0} Programs",
        plural(sessions, "{0} Session", "{0} Sessions"),
      );
}

export function killAllQuestion(atStake: AtStake): EndQuestion {
  const { sessions } = atStake;
  const ends = isNothing(atStake) ? [] : [t("What ends: {0}.", thatEnd(atStake))];
  const nothingSaved =
    sessions === 0
      ? []
      : [
          plural(
            sessions,
            "The programs in the session can't save anything. Disconnect All ends it properly.",
            "The programs in the sessions can't save anything. Disconnect All ends them properly.",
          ),
        ];
  return {
    message: t("Kill all SSH sessions and connections at once?"),
    detail: detailOf([...ends, ...nothingSaved], atStake),
    action: t("Kill All"),
  };
}

/** @param hosts of the connections that do not respond. */
export function killHungQuestion(hosts: readonly string[], others: OthersAtStake): EndQuestion {
  const first = plural(
    hosts.length,
    "The sessions on it end here. Their programs on the server end when the server notices.",
    "The sessions on them end here. Their programs on the servers end when the servers notice.",
  );
  return {
    message: plural(
      hosts.length,
      "Kill the connection that does not respond ({1})?",
      "Kill the {0} connections that do not respond ({1})?",
      [...new Set(hosts.map((host) => printable(host)))].join(", "),
    ),
    detail: detailOf([first], others),
    action: t("Kill"),
  };
}

function detailOf(first: readonly string[], { losses, stays }: OthersAtStake): string {
  return [...first, ...losses, ...stays].join(" ");
}

function isNothing({ sessions, programs }: Counts): boolean {
  return sessions === 0 && programs === 0;
}

/** `2 sessions and 1 program` */
function thatEnd({ sessions, programs }: Counts): string {
  const program = plural(programs, "{0} program", "{0} programs");
  const session = plural(sessions, "{0} session", "{0} sessions");
  return programs === 0 ? session : sessions === 0 ? program : t("{0} and {1}", session, program);
}

/** `its 2 sessions and 1 program`, after "with". */
function withIt({ sessions, programs }: Counts): string {
  const session = plural(sessions, "its session", "its {0} sessions");
  return programs === 0
    ? session
    : sessions === 0
      ? plural(programs, "its program", "its {0} programs")
      : plural(programs, "{1} and {0} program", "{1} and {0} programs", session);
}
