import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { aliveInterval, encodeNote, encodePrograms, type WindowNote } from "../engine/mux/windowProtocol.ts";
import type { WindowEnd } from "./muxConversation.ts";

/** A program may open and close connections by the thousand: they are reported together. Milliseconds. */
const gatherFor = 200;

/** What the window that holds a connection says to another window that uses it, from its construction on. */
export class GuestNotes implements Disposable {
  readonly #store = new DisposableStore();
  readonly #window: WindowEnd;
  readonly #clock: Clock;
  readonly #send: (note: Buffer) => void;
  /** What the other window knows, by the kind of the note. */
  readonly #said = new Map<WindowNote["kind"], string>();
  #alive: Disposable | undefined;
  #gathering: Disposable | undefined;

  /** @param send a note, unless nothing may be sent any more */
  constructor(window: WindowEnd, clock: Clock, send: (note: Buffer) => void) {
    this.#window = window;
    this.#clock = clock;
    this.#send = send;
    this.#store.add(window.onDidChangeOthers(() => this.#sayOthers()));
    const programs = window.programs?.onDidChange(() => {
      this.#gathering ??= clock.setTimeout(() => {
        this.#gathering = undefined;
        this.#sayPrograms();
      }, gatherFor);
    });
    if (programs !== undefined) {
      this.#store.add(programs);
    }
    this.#keepSaying();
    this.#sayOthers();
  }

  dispose(): void {
    this.#alive?.dispose();
    this.#gathering?.dispose();
    this.#store.dispose();
  }

  /** A window leaves when it hears nothing. There is no event for the traffic of programs, so it is looked at, too. */
  #keepSaying(): void {
    this.#send(encodeNote({ kind: "alive" }));
    this.#sayPrograms();
    this.#alive = this.#clock.setTimeout(() => this.#keepSaying(), aliveInterval);
  }

  #sayOthers(): void {
    const uses = this.#window.others();
    this.#say("others", JSON.stringify(uses), () => encodeNote({ kind: "others", uses }));
  }

  #sayPrograms(): void {
    const note = encodePrograms(this.#window.programs?.programs() ?? []);
    this.#say("programs", note.toString("base64"), () => note);
  }

  #say(kind: WindowNote["kind"], state: string, note: () => Buffer): void {
    // Before anything is said, a window assumes that there are none.
    if (state !== (this.#said.get(kind) ?? nothing[kind])) {
      this.#said.set(kind, state);
      this.#send(note());
    }
  }
}

const nothing: Partial<Record<WindowNote["kind"], string>> = {
  programs: encodePrograms([]).toString("base64"),
};
