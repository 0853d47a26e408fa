/** Ended sessions as plain data for the workspace's storage, and back. */
import { fieldOf } from "../../base/jsonFields.ts";
import { printable } from "../../base/log.ts";
import { hostNames } from "../../config/hostSpec.ts";
import type { ChannelDetails, ChannelMoment } from "../../engine/connectionEngine.ts";
import type { MasterEndReason } from "../../master/masterTypes.ts";
import { EarlierFailure } from "../../session/earlierFailure.ts";
import type { EndedSession } from "../../session/endedSessionTypes.ts";
import type { LimitKind, SessionKind, SessionOutcome } from "../../session/sessionTypes.ts";
import { failureWords } from "../../text/failureWords.ts";
import { userMessage } from "../../text/userMessages.ts";

/** Characters of a name, and of a message. */
const longestName = 200;
const longestMessage = 1000;
/** Of one session: the first and the last. */
const mostRequests = 24;

/**
 * A session without its output and without what may hold a secret: of a command only the program's name, of a request
 * for a command or a variable only that it was made. What a server said when it ended the connection is kept.
 */
export function endedRecord({ snapshot, channel, isTitledByCommand }: EndedSession, home: string): object {
  const { spec, kind, title, folder, since, lastActivity, bytesIn, bytesOut, eofSent, state } = snapshot;
  return {
    ...{ spec, kind, folder, since, lastActivity, bytesIn, bytesOut, eofSent },
    title: isTitledByCommand ? programOf(title) : printable(title, longestName),
    ended: state.since,
    outcome: snapshot.outcome && plainOutcome(snapshot.outcome, spec, home),
    channel: channel && {
      ...channel,
      requests: ends(channel.requests).map((request) =>
        request.name === "exec" ? { ...request, detail: "" } : request,
      ),
    },
  };
}

/** Undefined: another version stored it, and it can't be read. @param id for the new window. */
export function endedSession(record: unknown, id: string): EndedSession | undefined {
  const text = (name: string): string | undefined => textOf(fieldOf(record, name));
  const count = (name: string): number | undefined => countOf(fieldOf(record, name));
  const [spec, title, since, ended] = [text("spec"), text("title"), count("since"), count("ended")];
  const kind = oneOf(kinds, fieldOf(record, "kind"));
  const outcome = outcomeOf(fieldOf(record, "outcome"));
  if (
    spec === undefined ||
    title === undefined ||
    since === undefined ||
    ended === undefined ||
    kind === undefined ||
    outcome === undefined
  ) {
    return undefined;
  }
  return {
    snapshot: Object.freeze({
      ...{ id, ...hostNames(spec), kind, title, since, outcome },
      // The connections of this window are others.
      masterId: undefined,
      folder: text("folder"),
      limits: Object.freeze([]),
      state: Object.freeze({ kind: "ended", since: ended, outcome }),
      lastActivity: count("lastActivity") ?? ended,
      bytesIn: count("bytesIn") ?? 0,
      bytesOut: count("bytesOut") ?? 0,
      eofSent: fieldOf(record, "eofSent") === true,
    }),
    channel: channelOf(fieldOf(record, "channel")),
    isTitledByCommand: false,
  };
}

/** `TOKEN=… mysql -p…` is `mysql …`. */
function programOf(command: string): string {
  const words = command.trim().split(/\s+/);
  const at = words.findIndex((word) => !/^\w+=/.test(word));
  const program = printable(words[at] ?? "", longestName);
  return words.length === 1 && at === 0 ? program : `${program} …`.trim();
}

function plainOutcome(outcome: SessionOutcome, spec: string, home: string): object {
  switch (outcome.kind) {
    case "failed":
      return {
        kind: outcome.kind,
        words: failureWords(outcome.error),
        message: printable(
          userMessage(outcome.error, spec, home)?.text ?? outcome.error.message,
          longestMessage,
        ),
      };
    case "lost":
      return {
        ...outcome,
        ...(outcome.said !== undefined && { said: printable(outcome.said, longestName) }),
      };
    case "signalled":
      return { ...outcome, signal: printable(outcome.signal, longestName) };
    case "exited":
      return outcome;
    case "moved":
    case "disconnected":
    case "killed":
      return { kind: outcome.kind };
    case "limit":
      return { ...outcome, exit: undefined };
  }
}

const kinds: Readonly<Record<SessionKind, true>> = {
  terminal: true,
  command: true,
  script: true,
  subsystem: true,
};
const limits: Readonly<Record<LimitKind, true>> = {
  time: true,
  idle: true,
  "channel-timeout": true,
  "global-timeout": true,
};
const endReasons: Readonly<Record<MasterEndReason, true>> = {
  "linger-over": true,
  disconnected: true,
  killed: true,
  unresponsive: true,
  "closed-by-server": true,
  "connection-lost": true,
  "ssh-ended": true,
  "window-ended": true,
  "keeper-ended": true,
  "jump-lost": true,
  "connect-failed": true,
  shutdown: true,
};
const moments: Readonly<Record<ChannelMoment["kind"], true>> = {
  opened: true,
  "eof-sent": true,
  "eof-received": true,
  "close-sent": true,
  "close-received": true,
  "connection-lost": true,
  "exit-received": true,
};
const requestOutcomes: Readonly<Record<ChannelDetails["requests"][number]["outcome"], true>> = {
  accepted: true,
  refused: true,
  "no reply asked": true,
  pending: true,
};

function outcomeOf(value: unknown): SessionOutcome | undefined {
  const kind = fieldOf(value, "kind");
  switch (kind) {
    case "exited":
      return { kind, code: countOf(fieldOf(value, "code")) };
    case "signalled": {
      const signal = textOf(fieldOf(value, "signal"));
      return signal === undefined
        ? undefined
        : { kind, signal, coreDumped: fieldOf(value, "coreDumped") === true };
    }
    case "moved":
      return { kind };
    case "disconnected":
    case "killed":
      return { kind, exit: {} };
    case "lost": {
      const [reason, said] = [oneOf(endReasons, fieldOf(value, "reason")), textOf(fieldOf(value, "said"))];
      return reason && { kind, reason, ...(said !== undefined && { said }) };
    }
    case "limit": {
      const [limit, seconds] = [oneOf(limits, fieldOf(value, "limit")), countOf(fieldOf(value, "seconds"))];
      return limit === undefined || seconds === undefined
        ? undefined
        : { kind, limit, seconds, extended: fieldOf(value, "extended") === true, exit: {} };
    }
    case "failed": {
      const [words, message] = [textOf(fieldOf(value, "words")), textOf(fieldOf(value, "message"))];
      return words === undefined || message === undefined
        ? undefined
        : { kind, error: new EarlierFailure(words, message) };
    }
    default:
      return undefined;
  }
}

function channelOf(value: unknown): ChannelDetails | undefined {
  const type = textOf(fieldOf(value, "type"));
  if (type === undefined) {
    return undefined;
  }
  const count = <K extends string>(name: K): { readonly [k in K]?: number } => {
    const found = countOf(fieldOf(value, name));
    return found === undefined ? {} : ({ [name]: found } as { readonly [k in K]: number });
  };
  const is = (name: string): boolean => fieldOf(value, name) === true;
  return {
    type,
    ...count("localId"),
    ...count("remoteId"),
    ...count("localWindow"),
    ...count("localWindowSize"),
    ...count("remoteWindow"),
    ...count("remoteWindowSize"),
    ...count("maxPacketIn"),
    ...count("maxPacketOut"),
    bytesIn: countOf(fieldOf(value, "bytesIn")) ?? 0,
    bytesOut: countOf(fieldOf(value, "bytesOut")) ?? 0,
    eofSent: is("eofSent"),
    eofReceived: is("eofReceived"),
    closeSent: is("closeSent"),
    closeReceived: is("closeReceived"),
    requests: list(fieldOf(value, "requests")).flatMap((each) => {
      const [name, detail] = [textOf(fieldOf(each, "name")), textOf(fieldOf(each, "detail"))];
      const [outcome, at] = [oneOf(requestOutcomes, fieldOf(each, "outcome")), countOf(fieldOf(each, "at"))];
      return name === undefined || detail === undefined || outcome === undefined
        ? []
        : [{ name, detail, outcome, ...(at !== undefined && { at }) }];
    }),
    moments: list(fieldOf(value, "moments")).flatMap((each) => {
      const [kind, at] = [oneOf(moments, fieldOf(each, "kind")), countOf(fieldOf(each, "at"))];
      return kind === undefined || at === undefined ? [] : [{ kind, at }];
    }),
  };
}

function ends<T>(all: readonly T[]): readonly T[] {
  const half = mostRequests / 2;
  return all.length <= mostRequests ? all : [...all.slice(0, half), ...all.slice(-half)];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, mostRequests) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function oneOf<K extends string>(known: Readonly<Record<K, true>>, value: unknown): K | undefined {
  return typeof value === "string" && Object.hasOwn(known, value) ? (value as K) : undefined;
}
