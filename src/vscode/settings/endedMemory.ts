import type * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import type { EndedSession, EndedStorage } from "../../session/endedSessionTypes.ts";
import { endedSessionsKey } from "./contributionIds.ts";
import { endedRecord, endedSession } from "./endedRecord.ts";

/** Milliseconds after which an ended session is no longer listed in a new window. */
const longestAge = 7 * 24 * 60 * 60 * 1000;
/** Milliseconds within which many ends are stored together. */
const storeDelay = 50;

/**
 * Keeps how sessions ended, beyond a reload of the window: in the storage of this workspace, which stays on this
 * machine. It holds no secret and no output of a session.
 */
export class EndedMemory implements EndedStorage, Disposable {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #clock: Clock;
  readonly #home: string;
  /** So that each is converted once. */
  readonly #records = new WeakMap<EndedSession, object>();
  #due: readonly EndedSession[] | undefined;
  #timer: Disposable | undefined;

  /** @param memento of the workspace. @param home the home directory, shown as `~` in messages. */
  constructor(memento: Pick<vscode.Memento, "get" | "update">, clock: Clock, home: string) {
    this.#memento = memento;
    this.#clock = clock;
    this.#home = home;
  }

  load(): readonly EndedSession[] {
    const oldest = this.#clock.now() - longestAge;
    const stored: unknown = this.#memento.get(endedSessionsKey);
    return (Array.isArray(stored) ? stored : [])
      .flatMap((record: unknown, index) => endedSession(record, `before${index}`) ?? [])
      .filter(({ snapshot }) => snapshot.state.since >= oldest);
  }

  store(ended: readonly EndedSession[]): void {
    this.#due = ended;
    this.#timer ??= this.#clock.setTimeout(() => this.#write(), storeDelay);
  }

  dispose(): void {
    this.#write();
  }

  #write(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const due = this.#due;
    this.#due = undefined;
    if (due !== undefined) {
      void this.#memento.update(
        endedSessionsKey,
        due.map((each) => this.#record(each)),
      );
    }
  }

  #record(ended: EndedSession): object {
    const known = this.#records.get(ended) ?? endedRecord(ended, this.#home);
    this.#records.set(ended, known);
    return known;
  }
}
