import type { Session } from "../session/sessionTypes.ts";
import type { SessionLife } from "./terminalControllerTypes.ts";
import { isReport } from "./typing.ts";

/** How the session of a tab is used since its start. Times are monotonic milliseconds. */
export class SessionUse {
  #openedAt = 0;
  #typed = false;

  begin(now: number): void {
    this.#openedAt = now;
    this.#typed = false;
  }

  /** `text` came from the terminal: typed or pasted, or a reply to a program. */
  input(text: string): void {
    this.#typed ||= !isReport(text);
  }

  life(now: number, { eofSent }: Pick<Session, "eofSent">): SessionLife {
    return { openFor: now - this.#openedAt, used: this.#typed || eofSent };
  }
}
