import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { CancelledError } from "../base/errors.ts";
import type { MasterCore } from "../master/masterTypes.ts";
import { Backoff } from "./backoff.ts";
import { failureClass } from "./failureClass.ts";
import { ReconnectMember, type Trigger } from "./reconnectMember.ts";
import type {
  LoginMode,
  LostConnection,
  ReconnectHolder,
  ReconnectingState,
  ReconnectTicket,
} from "./reconnectTypes.ts";

export interface ReconnectGroupInit {
  readonly clock: Clock;
  /** 0 <= x < 1 */
  random(): number;
  /** Ids of the destination's masters on which a channel could be opened now without a login. */
  usableMasters(): readonly string[];
  onChange(): void;
}

/** The holders that wait for a destination, and the state shown instead of its lost master. */
export interface Reconnection {
  readonly master: MasterCore;
  readonly state: ReconnectingState;
  readonly holders: readonly ReconnectHolder[];
}

/** From the first waiting holder until none waits any more. */
interface Outage {
  /** Wall-clock milliseconds. */
  readonly since: number;
  /** Undefined while no waiting holder had a connection. */
  master: MasterCore | undefined;
  /** An attempt has begun. */
  attempted: boolean;
  /** Why the last attempt failed. */
  failure: Error | undefined;
}

/** From the start of an attempt until no member tries any more. */
interface Attempt {
  readonly trigger: Trigger;
  /** The user asked for an attempt while this one, which may not prompt, was running. */
  askNext: boolean;
  /** Tells the members that have failed that others still try. */
  notice: Disposable | undefined;
}

/**
 * "Reconnect Now" also applies to holders that join within this time, because the sessions of a master end one by
 * one. Milliseconds.
 */
const requestHolds = 5000;

/**
 * The holders of one destination that lost their connection. They share one delay, and one attempt with one login.
 * They use any master that becomes ready at once.
 */
export class ReconnectGroup implements Disposable {
  readonly #init: ReconnectGroupInit;
  readonly #backoff: Backoff;
  readonly #members = new Set<ReconnectMember>();
  #outage: Outage | undefined;
  #attempt: Attempt | undefined;
  /** The next timed attempt. `until`: wall-clock milliseconds. */
  #next: { readonly until: number; readonly timer: Disposable } | undefined;
  /** Monotonic: the user's request applies to holders that join until then. */
  #requestedUntil = Number.NEGATIVE_INFINITY;

  constructor(init: ReconnectGroupInit) {
    this.#init = init;
    this.#backoff = new Backoff(() => init.random());
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Undefined while no holder waits for a connection. */
  reconnection(): Reconnection | undefined {
    const outage = this.#outage;
    const members = [...this.#members];
    const isConnected =
      members.every(({ trying }) => trying !== undefined) && this.#init.usableMasters().length > 0;
    if (outage?.master === undefined || members.length === 0 || isConnected) {
      return undefined;
    }
    const { since, master, failure } = outage;
    return {
      master,
      state: {
        kind: "reconnecting",
        since,
        reason: "reason" in master.state ? master.state.reason : "connection-lost",
        attempting: this.#attempt !== undefined,
        until: this.#attempt === undefined ? this.#next?.until : undefined,
        ...(failure && { error: failure }),
      },
      holders: members.map(({ holder }) => holder),
    };
  }

  join({ master }: LostConnection, holder: ReconnectHolder): ReconnectTicket {
    const { clock } = this.#init;
    this.#outage ??= { since: clock.now(), master: undefined, attempted: false, failure: undefined };
    this.#outage.master ??= master;
    if (!this.#outage.attempted && master !== undefined) {
      this.#backoff.noteLost(master.state.since - master.since);
    }
    const member = new ReconnectMember(holder);
    this.#members.add(member);
    this.#onJoined(member);
    this.#init.onChange();
    return {
      now: () => this.#members.has(member) && this.#begin("person"),
      failed: (error) => this.#onFailed(member, error),
      dispose: () => this.#onLeft(member),
    };
  }

  /** The user wants the next attempt now, also for holders that join shortly after. */
  now(): void {
    this.#requestedUntil = this.#init.clock.monotonic() + requestHolds;
    this.#begin("person");
  }

  /** Conditions may have changed: the machine woke up, or its addresses changed. */
  environmentChanged(): void {
    this.#backoff.reset();
    if (this.#next !== undefined) {
      this.#begin("timer");
    }
  }

  /** Masters were added, removed or changed. */
  mastersChanged(): void {
    this.#begin("master-ready");
  }

  /** The user stops it: all holders give up. */
  stop(): void {
    const members = [...this.#members];
    this.dispose();
    for (const { holder } of members) {
      holder.stop();
    }
    this.#init.onChange();
  }

  dispose(): void {
    this.#members.clear();
    this.#endOutage();
  }

  /** Makes a new member do what the others do. */
  #onJoined(member: ReconnectMember): void {
    const usable = this.#init.usableMasters();
    if (this.#attempt !== undefined) {
      // It joins the running attempt.
      const { trigger } = this.#attempt;
      if (trigger === "master-ready" ? member.holder.automatic : member.takesPart(trigger, usable)) {
        this.#try([member], loginFor(trigger));
      } else {
        member.showWait(undefined);
      }
    } else if (this.#init.clock.monotonic() < this.#requestedUntil) {
      this.#begin("person");
    } else if (member.takesPart("master-ready", usable)) {
      this.#begin("master-ready");
    } else {
      this.#wait([member]);
    }
  }

  /** Starts an attempt for the members that take part. If one is running, they join it. */
  #begin(trigger: Trigger): void {
    const usable = this.#init.usableMasters();
    const idle = [...this.#members].filter(({ trying }) => trying === undefined);
    const members = idle.filter((member) => member.takesPart(trigger, usable));
    if (members.length === 0) {
      if (trigger === "person" && this.#attempt !== undefined && this.#attempt.trigger !== "person") {
        this.#attempt.askNext = true;
      }
      return;
    }
    if (!idle.some((member) => member.followsTimer && !members.includes(member))) {
      this.#cancelNext();
    }
    this.#requestedUntil = Number.NEGATIVE_INFINITY;
    const isFurther = this.#attempt !== undefined;
    this.#attempt ??= { trigger, askNext: false, notice: undefined };
    if (this.#outage !== undefined) {
      this.#outage.attempted = true;
    }
    // These members only share the ready master. A refused login is not repeated without the user; and if others
    // could log in too, a server that accepts and drops connections would see endless logins.
    const sharing = members.filter(
      ({ needsPerson }) => trigger === "master-ready" && (needsPerson || isFurther),
    );
    const loggingIn = members.filter((member) => !sharing.includes(member));
    this.#try(loggingIn, loginFor(trigger));
    this.#try(sharing, "none");
    this.#init.onChange();
  }

  #try(members: readonly ReconnectMember[], login: LoginMode): void {
    const usable = this.#init.usableMasters();
    for (const member of members) {
      member.begin(login, usable);
    }
    for (const { holder } of members) {
      holder.attempt(login);
    }
  }

  #onFailed(member: ReconnectMember, error: Error): void {
    if (!this.#members.has(member) || member.trying === undefined) {
      return;
    }
    if (member.trying !== "none") {
      member.needsPerson = failureClass(error) !== "transient";
      member.markOffered(this.#init.usableMasters());
    }
    member.trying = undefined;
    if (!CancelledError.is(error) && this.#outage !== undefined) {
      this.#outage.failure = error;
    }
    // A master may have become ready during the attempt.
    this.mastersChanged();
    this.#settle();
    if (this.#attempt !== undefined) {
      // Usually all fail in the same moment: show a notice only if some still try later.
      this.#attempt.notice ??= this.#init.clock.setTimeout(() => this.#noticeOthers(), 0);
    }
  }

  #onLeft(member: ReconnectMember): void {
    if (this.#members.delete(member)) {
      this.#settle();
    }
  }

  /** The attempt ends when no member tries any more. The remaining members wait again. */
  #settle(): void {
    const members = [...this.#members];
    const attempt = this.#attempt;
    if (members.length === 0) {
      this.#endOutage();
    } else if (attempt !== undefined && !members.some(({ trying }) => trying !== undefined)) {
      this.#endAttempt();
      if (attempt.askNext && members.some(({ needsPerson }) => needsPerson)) {
        this.#begin("person");
      } else {
        this.#wait(members);
      }
    } else if (!members.some(({ followsTimer }) => followsTimer)) {
      this.#cancelNext();
    }
    this.#init.onChange();
  }

  #wait(members: readonly ReconnectMember[]): void {
    const { clock } = this.#init;
    if (this.#next === undefined && members.some(({ followsTimer }) => followsTimer)) {
      const delay = this.#backoff.next();
      const timer = clock.setTimeout(() => {
        this.#next = undefined;
        this.#begin("timer");
      }, delay);
      this.#next = { until: clock.now() + delay, timer };
    }
    for (const member of members) {
      member.showWait(member.followsTimer ? this.#next?.until : undefined);
    }
  }

  #noticeOthers(): void {
    if (this.#attempt !== undefined) {
      this.#attempt.notice = undefined;
    }
    for (const member of [...this.#members].filter(({ hasJustFailed }) => hasJustFailed)) {
      if (member.holder.automatic) {
        member.showOthers();
      } else {
        member.showWait(undefined);
      }
    }
  }

  #endAttempt(): void {
    this.#attempt?.notice?.dispose();
    this.#attempt = undefined;
  }

  #endOutage(): void {
    this.#endAttempt();
    this.#cancelNext();
    this.#outage = undefined;
  }

  #cancelNext(): void {
    this.#next?.timer.dispose();
    this.#next = undefined;
  }
}

function loginFor(trigger: Trigger): LoginMode {
  return trigger === "person" ? "attended" : "unattended";
}
