import type { LoginMode, ReconnectHolder } from "./reconnectTypes.ts";

/** What begins an attempt. It decides which members take part and how they may log in. */
export type Trigger =
  /** A person asked for it: for all members, and questions may be asked. */
  | "person"
  /** A master is ready: for automatic members that were not offered this master yet. */
  | "master-ready"
  /** The delay is over: as before, but not for members whose login needs a person. */
  | "timer";

/** What a holder was shown last while it does not try. Undefined: it tries, or it has just failed. */
type Shown = { readonly until: number | undefined } | "others" | undefined;

/** One holder that waits for a connection, or tries to get one. */
export class ReconnectMember {
  readonly holder: ReconnectHolder;
  /** How the attempt that it is making may log in. Undefined: it makes none. */
  trying: LoginMode | undefined;
  /** Its last login failed for a reason that time does not heal: it logs in again only when a person asks for it. */
  needsPerson = false;
  /** Masters that it has used, or could have used, in an attempt. None of them is a reason for another attempt. */
  readonly #offered = new Set<string>();
  #shown: Shown;

  constructor(holder: ReconnectHolder) {
    this.holder = holder;
  }

  /** The end of a delay begins an attempt for it. */
  get followsTimer(): boolean {
    return this.holder.automatic && !this.needsPerson;
  }

  /** It has failed, and was not shown yet what comes next. */
  get hasJustFailed(): boolean {
    return this.trying === undefined && this.#shown === undefined;
  }

  /** @param usable ids of the destination's masters that are ready. */
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

  /** An attempt begins. The caller starts it with `holder.attempt`, once all members of the attempt are marked. */
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
