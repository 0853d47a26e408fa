import type { ChannelExit } from "../engine/connectionEngine.ts";
import type { MasterEndReason } from "../master/masterTypes.ts";
import type { LimitKind, SessionOutcome, SessionState } from "./sessionTypes.ts";

export interface LimitReached {
  readonly limit: LimitKind;
  readonly seconds: number;
  /** `seconds` count from when the user extended it. */
  readonly extended?: boolean;
}

/** The facts about a session when its channel has closed. */
export interface ClosedSession {
  readonly state: SessionState;
  readonly exit: ChannelExit;
  /** The channel ended with its connection, for this reason. */
  readonly lostBy: MasterEndReason | undefined;
  /** The server's message when it ended the connection. */
  readonly said?: string | undefined;
  readonly limitReached: LimitReached | undefined;
}

/**
 * Why a session ended. Our own actions take precedence: closing a connection ends its channels just as losing it
 * does.
 */
export function outcomeOf({ state, exit, lostBy, said, limitReached }: ClosedSession): SessionOutcome {
  if (limitReached !== undefined) {
    return { kind: "limit", ...limitReached, exit };
  }
  if (state.kind === "ending" && state.how === "disconnect") {
    return { kind: "disconnected", exit };
  }
  switch (lostBy) {
    case undefined:
      return exit.signal === undefined
        ? { kind: "exited", code: exit.code }
        : { kind: "signalled", signal: exit.signal, coreDumped: exit.coreDumped ?? false };
    case "disconnected":
      return { kind: "disconnected", exit };
    case "killed":
      return { kind: "killed", exit };
    default:
      return lossBy(lostBy, said);
  }
}

/** @param said the server's message. */
export function lossBy(reason: MasterEndReason, said: string | undefined): SessionOutcome {
  return { kind: "lost", reason, ...(said !== undefined && { said }) };
}
