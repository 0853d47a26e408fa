import type { LoginRecord, RemoteProcess, RemoteSocket } from "./remoteFacts.ts";
import type { HungReason, RemoteSessionKind } from "./remoteSession.ts";

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

/** All that the judgement of one session depends on. `undefined`: unknown. */
export interface Evidence {
  readonly kind: RemoteSessionKind;
  readonly ageSeconds: number | undefined;
  readonly idleSeconds: number | undefined;
  /** Its entry in the list of logins (`who`). Undefined: it has none. */
  readonly record: LoginRecord | undefined;
  /** The process that the record names is not among the visible ones. */
  readonly recordEnded: boolean;
  /** The processes of all users are visible, so that one that is not there has ended. */
  readonly seesEverybody: boolean;
  /** The sshd that carries it, if any. */
  readonly carrier: RemoteProcess | undefined;
  /** Its top-level programs. */
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
  if (evidence.kind === "orphan") {
    reasons.push({ kind: "orphan" });
  }
  if (evidence.kind === "login") {
    reasons.push(...leftOver(evidence));
  }
  const stopped = [...evidence.leaders, evidence.carrier].find((process) => process?.state === "T");
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
  // A console, a desktop and what tmux lists in who(1) may be idle by design.
  const mayHangIdle = evidence.kind !== "login" || isRemote(evidence.record);
  if (
    mayHangIdle &&
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

/**
 * A login from elsewhere whose sshd has ended: the pid in the record (sshd's own) no longer exists, or its shell
 * was adopted by init. Console logins, tmux and mosh have a living parent or no `from`.
 */
function leftOver({ record, recordEnded, seesEverybody, leaders: [leader] }: Evidence): HungReason[] {
  if (!seesEverybody || !isRemote(record)) {
    return [];
  }
  if (leader === undefined) {
    return recordEnded ? [{ kind: "stale-record" }] : [];
  }
  return recordEnded || leader.ppid === 1 ? [{ kind: "no-connection" }] : [];
}

/**
 * The record names a host rather than a display (`:0`), a `(login screen)`, `tmux(123).%0` or `host via mosh [123]`.
 */
function isRemote(record: LoginRecord | undefined): boolean {
  return /^[^:\s(][^\s(]*$/.test(record?.from ?? "");
}
