import type { LoginMode, ReconnectHolder } from "./reconnectTypes.ts";

/** What starts an attempt. It decides which members take part and how they may log in. */
export type Trigger =
  /** The user asked for it: all members take part, and prompts are allowed. */
  | "person"
  /** A master is ready: for automatic members that were not offered this master yet. */
  | "master-ready"
  /** The delay is over: as above, but not for members whose login needs the user. */
  | "timer";

/** What the holder was last shown while it does not try. Undefined: it tries, or it has just failed. */
type Shown = { readonly until: number | undefined } | "others" | undefined;

/** One holder that waits for a connection or tries to get one. */
export class ReconnectMember {
  readonly holder: ReconnectHolder;
  /** How its running attempt may log in. Undefined: no attempt is running. */
  trying: LoginMode | undefined;
  /** Its last login failed for a reason that does not pass: it logs in again only when the user asks for it. */
  needsPerson = false;
  /** Masters that it has used, or could have used, in an attempt. They do not cause another attempt. */
  readonly #offered = new Set<string>();
  #shown: Shown;

  constructor(holder: ReconnectHolder) {
    this.holder = holder;
  }

  /** The end of a delay starts an attempt for it. */
  get followsTimer(): boolean {
    return this.holder.automatic && !this.needsPerson;
  }

  /** It has failed, and the holder was not yet shown what comes next. */
  get hasJustFailed(): boolean {
    return this.trying === undefined && this.#shown === undefined;
  }

  /** @param usable ids of the destination's ready masters. */
  takesPart(trigger: Trigger, usable: readonly string[]): boolean {
    switch (trigger) {
      case "person":
        return true;
      case "timer":
        return this.followsTimer;
      case "master-ready":
        return this.holder.automatic && usable.some((id) => !this.#offered.has(id));
    }
  }

  markOffered(usable: readonly string[]): void {
    for (const id of usable) {
      this.#offered.add(id);
    }
  }

  /** Marks the start of an attempt. The caller runs `holder.attempt` after all members of the attempt are marked. */
  begin(login: LoginMode, usable: readonly string[]): void {
    this.trying = login;
    this.#shown = undefined;
    this.markOffered(usable);
  }

  /** @param until see ReconnectHolder.wait */
  showWait(until: number | undefined): void {
    if (this.#shown === undefined || this.#shown === "others" || this.#shown.until !== until) {
      this.#shown = { until };
      this.holder.wait(until);
    }
  }

  showOthers(): void {
    this.#shown = "others";
    this.holder.waitForOthers();
  }
}
