import { atOnce, inSlices, type Steps, stepsOver } from "../base/turns.ts";
import { groupBy, groupInSteps } from "./groupBy.ts";
import { type Evidence, type JudgeLimits, judgeHung } from "./hungJudge.ts";
import { ttyName } from "./parse/ttyName.ts";
import { ProcessTree } from "./processTree.ts";
import { RemoteViewError } from "./remoteErrors.ts";
import type { LogindSession, LoginRecord, RemoteFacts, RemoteProcess, TtyTimes } from "./remoteFacts.ts";
import type { KillTarget, RemoteSession, RemoteSessionKind, RemoteSessionState } from "./remoteSession.ts";
import { SocketIndex } from "./socketIndex.ts";

export interface ModelOptions {
  readonly limits: JudgeLimits;
  /** The client addresses (`address port`, from the server's side) of our other connections to this server. */
  readonly otherCarriers?: ReadonlySet<string>;
}

/** More than a user would read in a list. */
const mostSessions = 5000;

/** Builds the list of remote sessions in one go. @throws RemoteViewError `too-much` */
export function buildSessions(facts: RemoteFacts, options: ModelOptions): RemoteSession[] {
  return atOnce(sessionSteps(facts, options));
}

/**
 * Builds the list of remote sessions from one reading, in steps. A pure function of its arguments.
 * @throws RemoteViewError `too-much`
 */
export function* sessionSteps(facts: RemoteFacts, options: ModelOptions): Steps<RemoteSession[]> {
  const builder = yield* ModelBuilder.begin(facts, options);
  return yield* builder.build();
}

interface Draft {
  readonly kind: RemoteSessionKind;
  readonly user: string;
  readonly tty: string | undefined;
  /** The sshd that carries it, if any. */
  readonly carrier: RemoteProcess | undefined;
  /** Its top-level programs. */
  readonly leaders: readonly RemoteProcess[];
  /** It is the only session on its connection, so that ending the connection ends only this session. */
  readonly alone: boolean;
}

interface FactsByTty {
  readonly logins: ReadonlyMap<string, readonly LoginRecord[]>;
  readonly processes: ReadonlyMap<string | undefined, readonly RemoteProcess[]>;
  readonly logind: ReadonlyMap<string | undefined, readonly LogindSession[]>;
  readonly times: ReadonlyMap<string, readonly TtyTimes[]>;
}

class ModelBuilder {
  readonly #facts: RemoteFacts;
  readonly #options: ModelOptions;
  readonly #tree: ProcessTree;
  readonly #sockets: SocketIndex;
  readonly #claimedTtys = new Set<string>();
  /** The server decides how many there are of each: no list is searched once per item of another. */
  readonly #byTty: FactsByTty;

  /** The number of members that may still be listed: n nested sessions would otherwise list n * n / 2 processes. */
  #membersLeft: number;

  private constructor(facts: RemoteFacts, options: ModelOptions, tree: ProcessTree, byTty: FactsByTty) {
    this.#membersLeft = 4 * facts.processes.length + 1000;
    this.#facts = facts;
    this.#options = options;
    this.#tree = tree;
    this.#byTty = byTty;
    this.#sockets = new SocketIndex(facts, tree);
  }

  static *begin(facts: RemoteFacts, options: ModelOptions): Steps<ModelBuilder> {
    const tree = yield* ProcessTree.build(facts);
    const byTty = {
      logins: yield* groupInSteps(facts.logins, ({ tty }) => tty),
      processes: yield* groupInSteps(facts.processes, ({ tty }) => tty),
      logind: yield* groupInSteps(facts.logind, ({ tty }) => tty),
      times: yield* groupInSteps(facts.ttys, ({ tty }) => tty),
    };
    const builder = new ModelBuilder(facts, options, tree, byTty);
    yield;
    return builder;
  }

  *build(): Steps<RemoteSession[]> {
    const [sessions, monitors] = [this.#tree.withRole("session"), this.#tree.withRole("monitor")];
    yield;
    // Each connection has a session, except a monitor whose child has it.
    if (sessions.length > mostSessions || monitors.length > 2 * mostSessions) {
      throw new RemoteViewError("too-much", `More than ${mostSessions} logins`);
    }
    const connections = yield* inSlices(sessions, 50, (slice) =>
      slice.flatMap(({ process, role }) => this.#onConnection(process, role.user, role.ttys)),
    );
    const lone = yield* inSlices(monitors, 50, (slice) =>
      slice.flatMap(({ process, role }) => this.#loneMonitor(process, role.user)),
    );
    const carried = connections.concat(lone);
    for (const draft of carried) {
      if (draft.tty !== undefined) {
        this.#claimedTtys.add(draft.tty);
      }
    }
    const drafts = carried.concat(yield* this.#otherLogins());
    if (drafts.length > mostSessions) {
      throw new RemoteViewError("too-much", `More than ${mostSessions} logins`);
    }
    return yield* inSlices(drafts, 50, (slice) => slice.map((draft) => this.#finish(draft)));
  }

  /**
   * Without the probe itself: one draft per terminal, one for all without a terminal, or one for an idle connection.
   */
  #onConnection(carrier: RemoteProcess, titleUser: string, titleTtys: readonly string[]): Draft[] {
    const children = this.#tree
      .children(carrier.pid)
      .filter((child) => this.#tree.role(child) === undefined && child.state !== "Z");
    const user = titleUser === "" ? (children[0]?.user ?? carrier.user ?? "") : titleUser;
    const programs = children.filter((child) => !this.#tree.carrier.has(child.pid));
    const byTty = groupBy(programs, (program) => program.tty);
    for (const name of titleTtys) {
      const tty = ttyName(name);
      if (tty !== undefined && !byTty.has(tty)) {
        byTty.set(tty, []);
      }
    }
    if (byTty.size === 0) {
      return [{ kind: "connection", user, tty: undefined, carrier, leaders: [], alone: true }];
    }
    return [...byTty].map(([tty, leaders]) => ({
      kind: tty === undefined ? "command" : "terminal",
      user,
      tty,
      carrier,
      leaders,
      alone: byTty.size === 1,
    }));
  }

  /** A monitor without a child that carries sessions or is logging in (monitor.c waits for that child). */
  #loneMonitor(process: RemoteProcess, user: string): Draft[] {
    const living = this.#tree.children(process.pid).filter((child) => child.state !== "Z");
    if (living.some((child) => this.#tree.role(child)?.kind === "session")) {
      return [];
    }
    const authenticating = living.length > 0;
    const age = this.#age(process);
    const trusted = process.uid === undefined ? process.user === "root" : process.uid === 0;
    const orphaned =
      !authenticating && trusted && age !== undefined && age >= this.#options.limits.settlingSeconds;
    return [
      {
        kind: orphaned ? "orphan" : "authenticating",
        user,
        tty: undefined,
        carrier: process,
        leaders: [],
        alone: true,
      },
    ];
  }

  /** Logins in `who`, `w` or logind that are not on a connection found above. */
  *#otherLogins(): Steps<Draft[]> {
    const byTty = new Map<string, string>();
    yield* stepsOver(this.#facts.logins, 1000, (record) => {
      if (!this.#claimedTtys.has(record.tty) && !byTty.has(record.tty)) {
        byTty.set(record.tty, record.user);
      }
    });
    yield* stepsOver(this.#facts.logind, 1000, (session) => {
      if (session.tty !== undefined && !this.#claimedTtys.has(session.tty) && !byTty.has(session.tty)) {
        byTty.set(session.tty, session.user);
      }
    });
    if (byTty.size > mostSessions) {
      throw new RemoteViewError("too-much", `More than ${mostSessions} logins`);
    }
    return [...byTty].map(([tty, user]) => {
      const onTty = (this.#byTty.processes.get(tty) ?? []).filter(({ state }) => state !== "Z");
      const leader = onTty.find((process) => process.sessionLeader) ?? onTty[0];
      return {
        kind: "login",
        user,
        tty,
        carrier: undefined,
        leaders: leader === undefined ? [] : [leader],
        alone: false,
      };
    });
  }

  #finish(draft: Draft): RemoteSession {
    const { carrier, leaders, tty } = draft;
    const record = this.#record(tty);
    const members = leaders.flatMap((leader) => this.#membersOf(leader));
    const first = leaders[0] ?? carrier;
    const since = first?.startedAt ?? record?.at;
    const connection = carrier === undefined ? ({ kind: "unknown" } as const) : this.#sockets.of(carrier);
    const idleSeconds = this.#idle(tty);
    const ours = this.#ours(carrier);
    const evidence: Evidence = {
      ...{ kind: draft.kind, idleSeconds, record, carrier, leaders, members, connection },
      ageSeconds: since === undefined ? undefined : this.#facts.now - since,
      recordEnded: record?.pid !== undefined && this.#tree.get(record.pid) === undefined,
      seesEverybody: this.#tree.get(1) !== undefined,
    };
    const reasons = ours === undefined ? judgeHung(evidence, this.#options.limits) : [];
    return Object.freeze({
      id: `${draft.kind}:${tty ?? ""}:${first?.pid ?? ""}:${first?.startKey ?? ""}`,
      kind: draft.kind,
      user: draft.user,
      tty,
      from: this.#from(tty, carrier),
      since,
      idleSeconds,
      state: first === undefined && reasons.length === 0 ? "unknown" : stateOf(first, carrier, members),
      programs: this.#programs(members),
      ours,
      hung: reasons,
      targets: this.#targets(draft),
    });
  }

  #membersOf(leader: RemoteProcess): RemoteProcess[] {
    const members = this.#tree.subtree(leader, this.#membersLeft + 1);
    this.#membersLeft -= members.length;
    if (this.#membersLeft < 0) {
      throw new RemoteViewError("too-much", "Sessions are nested in one another");
    }
    return members;
  }

  #ours(carrier: RemoteProcess | undefined): RemoteSession["ours"] {
    if (carrier === undefined) {
      return undefined;
    }
    if (this.#tree.carrier.has(carrier.pid)) {
      return "carrier";
    }
    const end = this.#sockets.clientEnd(carrier);
    return end !== undefined && (this.#options.otherCarriers?.has(end) ?? false) ? "ours" : undefined;
  }

  /** The programs, and the connection if nothing else is on it; never a part of our own carrier. */
  #targets(draft: Draft): KillTarget[] {
    const { carrier } = draft;
    const processes = [...draft.leaders, ...(carrier !== undefined && draft.alone ? [carrier] : [])];
    return processes.flatMap(({ pid, startKey }) =>
      startKey === undefined || pid <= 1 || this.#tree.carrier.has(pid) ? [] : [{ pid, startKey }],
    );
  }

  /** Foreground processes come first; the leading shell itself is listed only when it is alone. */
  #programs(members: readonly RemoteProcess[]): string[] {
    const foreground = members.filter((process) => process.foreground);
    const rest = members.filter((process) => !process.foreground);
    return [...foreground.slice(-1), ...foreground.slice(0, -1), ...rest].map((process) => process.args);
  }

  #record(tty: string | undefined): LoginRecord | undefined {
    return tty === undefined ? undefined : this.#byTty.logins.get(tty)?.[0];
  }

  #from(tty: string | undefined, carrier: RemoteProcess | undefined): string | undefined {
    const record = tty === undefined ? [] : (this.#byTty.logins.get(tty) ?? []);
    const logind = tty === undefined ? undefined : this.#byTty.logind.get(tty)?.[0];
    return (
      record.find((other) => other.from !== undefined)?.from ??
      logind?.remoteHost ??
      (carrier === undefined ? undefined : this.#sockets.clientEnd(carrier)?.split(" ")[0])
    );
  }

  /** The terminal's own times are exact; `w` and `who` are used only without them. */
  #idle(tty: string | undefined): number | undefined {
    if (tty === undefined) {
      return undefined;
    }
    const times = this.#byTty.times.get(tty)?.[0];
    if (times !== undefined) {
      return Math.max(0, this.#facts.now - Math.max(times.inputAt, times.outputAt));
    }
    const idle = (this.#byTty.logins.get(tty) ?? []).flatMap(({ idleSeconds }) => idleSeconds ?? []);
    return idle.length === 0 ? undefined : idle.reduce((least, seconds) => Math.min(least, seconds));
  }

  #age(process: RemoteProcess): number | undefined {
    return process.startedAt === undefined ? undefined : this.#facts.now - process.startedAt;
  }
}

function stateOf(
  first: RemoteProcess | undefined,
  carrier: RemoteProcess | undefined,
  members: readonly RemoteProcess[],
): RemoteSessionState {
  if (first === undefined) {
    return "gone";
  }
  if (first.state === "T" || carrier?.state === "T") {
    return "stopped";
  }
  const states = [first, ...members].map((process) => process.state);
  if (states.some((state) => state === "R" || state === "O")) {
    return "running";
  }
  return states.some((state) => state === "D" || state === "U") ? "blocked" : "sleeping";
}
