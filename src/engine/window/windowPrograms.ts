import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import type { LastingPrograms } from "../connectionEngine.ts";

/** The programs on a connection that another window holds, as that window says. An older version says nothing. */
export class WindowPrograms implements LastingPrograms, Disposable {
  readonly #changed = new Emitter<void>();
  readonly #end: (id: string) => void;
  #programs: readonly ProgramSnapshot[] = [];

  readonly onDidChange = this.#changed.event;

  /** @param end asks that window to end one */
  constructor(end: (id: string) => void) {
    this.#end = end;
  }

  programs(): readonly ProgramSnapshot[] {
    return this.#programs;
  }

  end(id: string): void {
    this.#end(id);
  }

  said(programs: readonly ProgramSnapshot[]): void {
    this.#programs = programs;
    this.#changed.fire();
  }

  dispose(): void {
    this.said([]);
    this.#changed.dispose();
  }
}
