import { killScript, parseKillResults, type TargetOutcome } from "./killScript.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";
import type { RemoteSession } from "./remoteSession.ts";

export interface KillOptions {
  /** KILL what survives TERM. */
  readonly force: boolean;
  /** Leave alone what is not hung any more when the list is read again. */
  readonly onlyHung: boolean;
  readonly signal?: AbortSignal;
}

/** How one session fared. */
export type SessionKillOutcome =
  | "ended"
  /** Something of it still lives, though it was signalled. */
  | "alive"
  /** We may not signal it: another user's, and no `sudo -n`. */
  | "denied"
  /** It is not what it was when the list was shown: its process ended, or the pid is another's. Nothing was sent. */
  | "changed"
  /** It came back to life, and only hung ones were asked for. Nothing was sent. */
  | "not-hung"
  /** It is our own carrier. Nothing was sent. */
  | "own"
  /** No process of it is left that could be signalled. */
  | "nothing-left";

export interface KillReport {
  readonly sessions: readonly { readonly session: RemoteSession; readonly outcome: SessionKillOutcome }[];
}

/**
 * Compares what was asked with what is there now, and signals what still fits, all in one round trip.
 * @param asked as they were shown
 * @param fresh as they were read just now
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

/** The worst of what happened to the processes of one session decides. */
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
