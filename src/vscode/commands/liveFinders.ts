/** Finders of live objects: connections, sessions, terminals, and logins on a server. */
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { Session } from "../../session/sessionTypes.ts";
import { noOpenSession, noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { type SshTerminal, terminalTarget } from "../terminals/sshTerminals.ts";
import { isLimited } from "../views/sessionPresentation.ts";
import {
  connectionTarget,
  liveTarget,
  remoteLoginTarget,
  serverLoginsTarget,
  sessionTarget,
  type Target,
} from "../views/targets.ts";
import type { Found, TargetFinder } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { hostOfId } from "./hostOfId.ts";

/** A terminal's menu leaves nothing to choose: its own session or none. */
function isEndedTerminal({ service }: CommandContext, targets: readonly Target[]): boolean {
  const terminal = terminalTarget.in(targets);
  return (
    terminal !== undefined &&
    (terminal.sessionId === undefined || service.session(terminal.sessionId) === undefined)
  );
}

/** Connections and sessions to end. */
export function whatIsAlive(title: () => string): TargetFinder<readonly string[]> {
  return {
    onOurs: (context, targets) => {
      if (isEndedTerminal(context, targets)) {
        inform(noOpenSession());
        return "end";
      }
      const ids = liveTarget.in(targets);
      return ids === undefined ? "ask" : { target: ids };
    },
    named: ({ service }, id) => {
      const host = hostOfId(id, service.masters());
      return host === undefined ? undefined : { target: [id], host };
    },
    ask: async ({ livePick }, near) => {
      const id = await livePick.ask(title(), "all", near);
      return id === undefined ? undefined : [id];
    },
  };
}

/** A session that has not ended. @param offered the ones to choose from. */
export function anOpenSession(
  title: () => string,
  offered: "sessions" | "limited" = "sessions",
): TargetFinder<Session> {
  const open = ({ service }: CommandContext, id: string | undefined): Session | undefined =>
    id === undefined ? undefined : service.session(id);
  return {
    onOurs: (context, targets) => {
      if (isEndedTerminal(context, targets)) {
        inform(noOpenSession());
        return "end";
      }
      const id = sessionTarget.in(targets);
      const session = open(context, id);
      return session !== undefined ? { target: session } : id === undefined ? "ask" : "end";
    },
    named: (context, id) => {
      const host = hostOfId(id, context.service.masters());
      const session = open(context, id);
      return host === undefined || session === undefined ? undefined : { target: session, host };
    },
    inActive: (context, targets) => {
      const session = open(context, sessionTarget.in(targets));
      const fits = session !== undefined && (offered === "sessions" || isLimited(session.snapshot()));
      return fits ? { target: session } : "ask";
    },
    ask: async (context, near) => open(context, await context.livePick.ask(title(), offered, near)),
  };
}

/**
 * A session, also an ended one: its id.
 * @param active whether the palette acts on the active terminal's, or asks.
 */
export function aSession(title: () => string, active: "acts" | "asks"): TargetFinder<string> {
  return {
    ...(active === "acts" && {
      inActive: (_: CommandContext, targets: readonly Target[]) => {
        const id = sessionTarget.in(targets);
        return id === undefined ? "ask" : { target: id };
      },
    }),
    onOurs: (_, targets) => {
      const id = sessionTarget.in(targets);
      if (id === undefined && terminalTarget.in(targets) !== undefined) {
        inform(noOpenSession());
        return "end";
      }
      return id === undefined ? "ask" : { target: id };
    },
    named: ({ service }, id) => {
      const host = hostOfId(id, service.masters());
      return host === undefined ? undefined : { target: id, host };
    },
    ask: async ({ livePick }, near) => await livePick.ask(title(), "sessions", near),
  };
}

export interface ConnectionQuestion {
  readonly title: () => string;
  /** The connections that the command can act on. */
  readonly accept: (master: MasterSnapshot) => boolean;
  /** The message when there is none. */
  readonly none: () => string;
}

/** A connection: the named one, the only acceptable one, or one that the user chooses. */
export function aConnection({ title, accept, none }: ConnectionQuestion): TargetFinder<MasterSnapshot> {
  const accepted = ({ service }: CommandContext): readonly MasterSnapshot[] =>
    service.masters().filter(accept);
  return {
    onOurs: (context, targets): Found<MasterSnapshot> => {
      const id = connectionTarget.in(targets);
      if (id === undefined) {
        return "ask";
      }
      const master = accepted(context).find((each) => each.id === id);
      if (master === undefined) {
        inform(none());
        return "end";
      }
      return { target: master };
    },
    named: (context, id) => {
      const master = accepted(context).find((each) => each.id === id);
      return master && { target: master, host: master.spec };
    },
    inActive: (context, targets) => {
      const id = connectionTarget.in(targets);
      const master = accepted(context).find((each) => each.id === id);
      return master === undefined ? "ask" : { target: master };
    },
    ask: async (context) => {
      const masters = accepted(context);
      if (masters.length === 0) {
        inform(none());
        return undefined;
      }
      return masters.length === 1 ? masters[0] : await context.livePick.askConnection(title(), masters);
    },
  };
}

/** The connection of the row. A text from elsewhere names none, and it does not ask. */
export const theConnection: TargetFinder<string> = {
  onOurs: (_, targets) => given(connectionTarget.in(targets)),
  named: () => undefined,
  ask: async () => undefined,
};

/** The logins on the server of a connection: the connection's id. */
export const theServerLogins: TargetFinder<string> = {
  onOurs: (_, targets) => given(serverLoginsTarget.in(targets)),
  named: () => undefined,
  ask: async () => undefined,
};

/** One login on a server. */
export const theRemoteLogin: TargetFinder<{ readonly masterId: string; readonly id: string }> = {
  onOurs: (_, targets) => given(remoteLoginTarget.in(targets)),
  named: () => undefined,
  ask: async () => undefined,
};

/** One of our terminals: the one whose menu was used, or the active one. */
export const aTerminal: TargetFinder<SshTerminal> = {
  onOurs: (_, targets) => given(terminalTarget.in(targets)),
  named: () => undefined,
  ask: async ({ terminals }) => {
    const active = terminals.active();
    if (active === undefined) {
      inform(noSshTerminal());
    }
    return active;
  },
};

function given<T>(value: T | undefined): Found<T> {
  return value === undefined ? "ask" : { target: value };
}
