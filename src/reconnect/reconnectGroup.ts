import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { CancelledError } from "../base/errors.ts";
import type { MasterCore, MasterEndReason } from "../master/masterTypes.ts";
import type {
  AttemptLogin,
  MasterSnapshot,
  ReconnectingTerminal,
  ReconnectTicket,
  Session,
} from "../session/sessionTypes.ts";
import { Backoff, mayRetry } from "./reconnectPolicy.ts";

export interface ReconnectGroupInit {
  readonly clock: Clock;
  /** 0 <= x < 1 */
  random(): number;
  /** Ids of the destination's masters on which a session could be opened now, without a login. */
  usableMasters(): readonly string[];
  onChange(): void;
}

/** Who or what begins an attempt, and so for whom it is. */
type Cause =
  /** For all, and questions may be asked. */
  | "person"
  /** For those that may reconnect by themselves and have not tried that master. */
  | "master-ready"
  /** As before, but not for those whose last attempt failed for a reason that time does not heal. */
  | "time";

interface Member {
  readonly lost: Session;
  readonly terminal: ReconnectingTerminal;
  trying: boolean;
  /** Its attempt may log in. */
  mayLogIn: boolean;
  /** Masters that were there when an attempt of its own began or ended: each is a reason for one only. */
  readonly tried: Set<string>;
  /** What it was told last. Undefined: to try. */
  told: { readonly until: number | undefined } | "others" | undefined;
  /** Its last attempt that might log in failed for a reason that time does not heal. */
  stuck: boolean;
}

/** A person's wish to reconnect holds for terminals that come this much later: a master's sessions end one by one. Milliseconds. */
const wishHolds = 5000;

/**
 * The terminals of one destination that lost their sessions. They wait and try as one: one delay, one attempt (in which
 * they share the login), and when there is a master again, however it came, they use it at once.
 */
export class ReconnectGroup implements Disposable {
  readonly #init: ReconnectGroupInit;
  readonly #backoff: Backoff;
  readonly #members = new Set<Member>();
  #attempt: Cause | undefined;
  #attempts = 0;
  #timer: Disposable | undefined;
  /** Until those that have failed while others try are told so. */
  #telling: Disposable | undefined;
  /** Wall-clock: when the next attempt begins. */
  #until: number | undefined;
  #since = 0;
  /** Monotonic: a person wants to reconnect whoever comes until then. */
  #wishUntil = Number.NEGATIVE_INFINITY;
  /** A person wants an attempt, and one without questions was under way. */
  #mayAskNext = false;
  #failure: Error | undefined;
  #lostMaster: MasterCore | undefined;

  constructor(init: ReconnectGroupInit) {
    this.#init = init;
    this.#backoff = new Backoff(() => init.random());
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** The lost master, `reconnecting`, with the sessions that wait; undefined while nobody waits for a connection. */
  snapshot(): MasterSnapshot | undefined {
    const master = this.#lostMaster;
    const members = [...this.#members];
    const isOver = members.every(({ trying }) => trying) && this.#init.usableMasters().length > 0;
    if (master === undefined || members.length === 0 || isOver) {
      return undefined;
    }
    const reason: MasterEndReason = "reason" in master.state ? master.state.reason : "connection-lost";
    return Object.freeze({
      ...master,
      state: Object.freeze({
        kind: "reconnecting",
        since: this.#since,
        reason,
        attempting: this.#attempt !== undefined,
        until: this.#attempt === undefined ? this.#until : undefined,
        ...(this.#failure && { error: this.#failure }),
      }),
      sessions: Object.freeze(members.map(({ lost }) => lost.snapshot())),
    });
  }

  join(lost: Session, terminal: ReconnectingTerminal): ReconnectTicket {
    const { clock } = this.#init;
    if (this.isEmpty) {
      this.#since = clock.now();
      this.#failure = undefined;
      this.#attempts = 0;
    }
    const master = lost.connection()?.master;
    this.#lostMaster ??= master;
    if (this.#attempts === 0 && master !== undefined) {
      this.#backoff.noteLost(master.state.since - master.since);
    }
    const member: Member = {
      lost,
      terminal,
      trying: false,
      mayLogIn: true,
      tried: new Set(),
      told: undefined,
      stuck: false,
    };
    this.#members.add(member);
    this.#place(member);
    this.#init.onChange();
    return {
      now: () => this.#members.has(member) && this.#begin("person"),
      failed: (error) => this.#failed(member, error),
      dispose: () => this.#leave(member),
    };
  }

  /** A person wants the next attempt now, for those that wait and those that come in a moment. */
  now(): void {
    this.#wishUntil = this.#init.clock.monotonic() + wishHolds;
    this.#begin("person");
  }

  /** What made the attempts fail may be over. */
  environmentChanged(): void {
    this.#backoff.reset();
    if (this.#timer !== undefined) {
      this.#begin("time");
    }
  }

  /** The masters changed: is there one now? */
  look(): void {
    this.#begin("master-ready");
  }

  /** All give up. */
  stop(): void {
    const members = [...this.#members];
    this.#members.clear();
    this.#rest();
    for (const { terminal } of members) {
      terminal.stop();
    }
    this.#init.onChange();
  }

  dispose(): void {
    this.#members.clear();
    this.#rest();
  }

  /** Lets one that comes do what the others do. */
  #place(member: Member): void {
    if (this.#attempt !== undefined) {
      if (concerns(member, this.#attempt)) {
        this.#try([member], loginFor(this.#attempt));
      } else {
        this.#tell(member, undefined);
      }
    } else if (this.#init.clock.monotonic() < this.#wishUntil) {
      this.#begin("person");
    } else if (concerns(member, "master-ready") && this.#hasUntried(member)) {
      this.#begin("master-ready");
    } else {
      this.#wait([member]);
    }
  }

  #hasUntried({ tried }: Member): boolean {
    return this.#init.usableMasters().some((id) => !tried.has(id));
  }

  /** One attempt for all whom it concerns. While one is made, it is made for those who did not take part, too. */
  #begin(cause: Cause): void {
    const waiting = [...this.#members].filter(({ trying }) => !trying);
    const members = waiting.filter(
      (member) => concerns(member, cause) && (cause !== "master-ready" || this.#hasUntried(member)),
    );
    if (members.length === 0) {
      this.#mayAskNext ||= cause === "person" && this.#attempt !== undefined && this.#attempt !== "person";
      return;
    }
    if (!waiting.some((member) => concerns(member, "time") && !members.includes(member))) {
      this.#stopTimer();
    }
    this.#wishUntil = Number.NEGATIVE_INFINITY;
    const isFurther = this.#attempt !== undefined;
    this.#attempt ??= cause;
    this.#attempts++;
    // A refused login is not repeated unasked; and were each to log in where another one could not stay, a server that
    // lets in and drops at once would see no end of it.
    const sharers = members.filter(({ stuck }) => cause === "master-ready" && (stuck || isFurther));
    this.#try(
      members.filter((member) => !sharers.includes(member)),
      loginFor(cause),
    );
    this.#try(sharers, "none");
    this.#init.onChange();
  }

  #try(members: readonly Member[], login: AttemptLogin): void {
    for (const member of members) {
      member.trying = true;
      member.mayLogIn = login !== "none";
      member.told = undefined;
      this.#noteMasters(member);
    }
    for (const { terminal } of members) {
      terminal.attempt(login);
    }
  }

  #failed(member: Member, error: Error): void {
    if (!this.#members.has(member) || !member.trying) {
      return;
    }
    member.trying = false;
    if (member.mayLogIn) {
      member.stuck = !mayRetry(error);
      this.#noteMasters(member);
    }
    if (!CancelledError.is(error)) {
      this.#failure = error;
    }
    // One may have come while another one was tried.
    this.look();
    this.#settle();
    if (this.#attempt !== undefined) {
      // Mostly all fail in the same moment.
      this.#telling ??= this.#init.clock.setTimeout(() => this.#tellOfOthers(), 0);
    }
  }

  #leave(member: Member): void {
    if (this.#members.delete(member)) {
      this.#settle();
    }
  }

  /** When nobody tries any more, those that are left wait again. */
  #settle(): void {
    const members = [...this.#members];
    if (members.length === 0) {
      this.#rest();
    } else if (this.#attempt !== undefined && !members.some(({ trying }) => trying)) {
      const mayAsk = this.#mayAskNext && members.some(({ stuck }) => stuck);
      this.#endAttempt();
      if (mayAsk) {
        this.#begin("person");
      } else {
        this.#wait(members);
      }
    } else if (this.#timer !== undefined && !members.some((member) => concerns(member, "time"))) {
      this.#stopTimer();
    }
    this.#init.onChange();
  }

  #wait(members: readonly Member[]): void {
    const { clock } = this.#init;
    if (this.#timer === undefined && members.some((member) => concerns(member, "time"))) {
      const delay = this.#backoff.next();
      this.#until = clock.now() + delay;
      this.#timer = clock.setTimeout(() => {
        this.#stopTimer();
        this.#begin("time");
      }, delay);
    }
    for (const member of members) {
      this.#tell(member, concerns(member, "time") ? this.#until : undefined);
    }
  }

  #tell(member: Member, until: number | undefined): void {
    if (member.told === undefined || member.told === "others" || member.told.until !== until) {
      member.told = { until };
      member.terminal.wait(until);
    }
  }

  /** For those whose own part in the attempt is over. */
  #tellOfOthers(): void {
    this.#telling = undefined;
    for (const member of [...this.#members].filter(({ trying, told }) => !trying && told === undefined)) {
      if (member.terminal.byItself) {
        member.told = "others";
        member.terminal.waitForOthers();
      } else {
        this.#tell(member, undefined);
      }
    }
  }

  #endAttempt(): void {
    this.#attempt = undefined;
    this.#mayAskNext = false;
    this.#telling?.dispose();
    this.#telling = undefined;
  }

  #rest(): void {
    this.#endAttempt();
    this.#lostMaster = undefined;
    this.#stopTimer();
  }

  /** What is there now has been, or is being, tried. */
  #noteMasters({ tried }: Member): void {
    for (const id of this.#init.usableMasters()) {
      tried.add(id);
    }
  }

  #stopTimer(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#until = undefined;
  }
}

function concerns({ terminal, stuck }: Member, cause: Cause): boolean {
  switch (cause) {
    case "person":
      return true;
    case "master-ready":
      return terminal.byItself;
    case "time":
      return terminal.byItself && !stuck;
  }
}

function loginFor(cause: Cause): AttemptLogin {
  return cause === "person" ? "attended" : "unattended";
}
