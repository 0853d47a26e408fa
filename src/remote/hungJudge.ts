import type { RemoteProcess, RemoteSocket } from "./remoteFacts.ts";
import type { HungReason } from "./remoteSession.ts";

export interface JudgeLimits {
  /** Seconds without input and output after which a sleeping terminal counts as hung. 0: never. */
  readonly idleSeconds: number;
  /** A younger session may just be starting or ending: seconds. */
  readonly settlingSeconds: number;
  /** Retransmissions without a reply after which the client counts as gone. */
  readonly unansweredRetransmits: number;
}

/** Eight retransmissions take Linux about a minute; it gives up after fifteen (tcp_retries2), a quarter of an hour. */
export const defaultJudgeLimits: JudgeLimits = {
  idleSeconds: 1800,
  settlingSeconds: 60,
  unansweredRetransmits: 8,
};

/** What is known about the connection under a session. `unknown`: no tool reported it, so nothing is concluded. */
export type ConnectionEvidence =
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | { readonly kind: "socket"; readonly socket: RemoteSocket };

export interface Evidence {
  readonly ageSeconds: number | undefined;
  readonly idleSeconds: number | undefined;
  /** The program that leads the session, and its sshd. */
  readonly leaders: readonly RemoteProcess[];
  /** All processes in the session. */
  readonly members: readonly RemoteProcess[];
  readonly connection: ConnectionEvidence;
}

const halfClosed: ReadonlySet<string> = new Set(["CLOSE-WAIT", "LAST-ACK", "CLOSING", "CLOSED"]);

/**
 * The reasons why a session is hung; none when it may be alive. Conservative: unknown facts are no reason, a session
 * with a running process is never hung because it is idle, and a job that its own shell has stopped (Ctrl+Z) is fine.
 */
export function judgeHung(evidence: Evidence, limits: JudgeLimits): HungReason[] {
  const reasons: HungReason[] = [];
  const settled = evidence.ageSeconds === undefined || evidence.ageSeconds >= limits.settlingSeconds;
  const stopped = evidence.leaders.find((process) => process.state === "T");
  if (stopped !== undefined) {
    reasons.push({ kind: "stopped", pid: stopped.pid, program: stopped.args });
  }
  const { connection } = evidence;
  if (connection.kind === "none" && settled) {
    reasons.push({ kind: "no-connection" });
  }
  if (connection.kind === "socket") {
    const { state, retransmits } = connection.socket;
    if (state !== undefined && halfClosed.has(state) && settled) {
      reasons.push({ kind: "peer-closed", socketState: state });
    }
    if (retransmits !== undefined && retransmits >= limits.unansweredRetransmits) {
      reasons.push({ kind: "unanswered", retransmits });
    }
  }
  const { idleSeconds } = evidence;
  if (
    limits.idleSeconds > 0 &&
    idleSeconds !== undefined &&
    idleSeconds >= limits.idleSeconds &&
    evidence.members.length > 0 &&
    evidence.members.every((process) => "SITt".includes(process.state))
  ) {
    reasons.push({ kind: "idle", idleSeconds, limitSeconds: limits.idleSeconds });
  }
  return reasons;
}
