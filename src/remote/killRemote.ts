import { killScript, parseKillResults, type TargetOutcome } from "./killScript.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";
import type { RemoteSession } from "./remoteSession.ts";

export interface KillOptions {
  /** Send KILL to what survives TERM. */
  readonly force: boolean;
  /** Skip sessions that are no longer hung when the list is read again. */
  readonly onlyHung: boolean;
  readonly signal?: AbortSignal;
}

/** The result for one session. */
export type SessionKillOutcome =
  | "ended"
  /** Part of it still exists although it was signalled. */
  | "alive"
  /** We may not signal it: it is another user's, and there is no `sudo -n`. */
  | "denied"
  /** It has changed since the list was shown: its process ended, or the pid was reused. Nothing was sent. */
  | "changed"
  /** It is no longer hung, and only hung sessions were requested. Nothing was sent. */
  | "not-hung"
  /** It carries our own connection. Nothing was sent. */
  | "own"
  /** It has no process left that could be signalled. */
  | "nothing-left";

export interface KillReport {
  readonly sessions: readonly { readonly session: RemoteSession; readonly outcome: SessionKillOutcome }[];
}

/**
 * Compares the requested sessions with the current ones, and signals those that still match, in one round trip.
 * @param asked as they were shown
 * @param fresh as they were just read
 */
export async function killRemoteSessions(
  access: RemoteAccess,
  asked: readonly RemoteSession[],
  fresh: readonly RemoteSession[],
  options: KillOptions,
): Promise<KillReport> {
  const now = new Map(fresh.map((session) => [session.id, session]));
  const planned = asked.map((before) => {
    const session = now.get(before.id);
    return { session: session ?? before, refusal: refusalOf(session, options.onlyHung) };
  });
  const targets = planned.flatMap(({ session, refusal }) => (refusal === undefined ? session.targets : []));
  const results = new Map<number, TargetOutcome>();
  if (targets.length > 0) {
    const parts = await runScript(access.exec, killScript(targets, options.force), {
      sudo: access.sudo,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const lines = parts.find((part) => part.name === "results")?.lines ?? [];
    for (const [pid, outcome] of parseKillResults(lines)) {
      results.set(pid, outcome);
    }
  }
  return {
    sessions: planned.map(({ session, refusal }) => ({
      session,
      outcome: refusal ?? combine(session.targets.map(({ pid }) => results.get(pid))),
    })),
  };
}

function refusalOf(session: RemoteSession | undefined, onlyHung: boolean): SessionKillOutcome | undefined {
  if (session === undefined) {
    return "changed";
  }
  if (onlyHung && session.hung.length === 0) {
    return "not-hung";
  }
  if (session.targets.length === 0) {
    return session.ours === "carrier" ? "own" : "nothing-left";
  }
  return undefined;
}

/** The worst outcome of a session's processes is the session's. */
function combine(outcomes: readonly (TargetOutcome | undefined)[]): SessionKillOutcome {
  const kinds = new Set(outcomes.map((outcome) => outcome?.kind));
  for (const kind of ["own", "denied", "alive"] as const) {
    if (kinds.has(kind)) {
      return kind;
    }
  }
  if (kinds.has(undefined)) {
    return "alive";
  }
  return kinds.has("ended") ? "ended" : "changed";
}
