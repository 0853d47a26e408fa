import type { LostSession } from "../session/sessionTypes.ts";

/** The loss of a tab's session, until another one opens or the tab stops waiting. */
export class Outage {
  /** Wall-clock milliseconds: when the session was lost. */
  #since: number | undefined;
  #text = "";
  #lost: LostSession | undefined;
  #failureText = "";
  #needsPerson = false;

  /** How the session ended, as one line. */
  get text(): string {
    return this.#text;
  }

  /** The session that the next one replaces. */
  get lost(): LostSession | undefined {
    return this.#lost;
  }

  /** The last attempt to reconnect failed because its login needs the user. */
  get needsPerson(): boolean {
    return this.#needsPerson;
  }

  begin(now: number, text: string, lost: LostSession): void {
    this.#since = now;
    this.#text = text;
    this.#lost = lost;
  }

  /** @returns whether to show it: an outage of an hour is reported once, not once per attempt. */
  attemptFailed(text: string, needsPerson: boolean): boolean {
    this.#needsPerson = needsPerson;
    const isNew = text !== this.#failureText;
    this.#failureText = text;
    return isNew;
  }

  attemptCancelled(): void {
    this.#needsPerson = false;
  }

  /** @returns how many seconds it lasted; undefined: nothing was lost. */
  end(now: number): number | undefined {
    const seconds = this.#since === undefined ? undefined : Math.round((now - this.#since) / 1000);
    this.#since = undefined;
    this.#lost = undefined;
    this.#failureText = "";
    this.#needsPerson = false;
    return seconds;
  }
}
