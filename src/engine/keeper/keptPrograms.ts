import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import type { LastingPrograms } from "../connectionEngine.ts";
import type { KeeperSocket } from "./keeperSocket.ts";

/** The programs on a connection of the keeper, as it reports them to this window. */
export class KeptPrograms implements LastingPrograms, Disposable {
  readonly #changed = new Emitter<void>();
  #socket: KeeperSocket | undefined;
  #programs: readonly ProgramSnapshot[] = [];

  readonly onDidChange = this.#changed.event;

  programs(): readonly ProgramSnapshot[] {
    return this.#programs;
  }

  end(id: string): void {
    this.#socket?.call("endProgram", id).catch(() => {});
  }

  /** The keeper reports them in this conversation from now on. Owns it. */
  follow(socket: KeeperSocket): void {
    this.#socket?.end();
    this.#socket = socket;
    // A keeper of the same build says so.
    socket.onNote("programs", (programs) => this.#set(socket, programs as readonly ProgramSnapshot[]));
    socket.onDidClose(() => this.#set(socket, []));
  }

  dispose(): void {
    this.#socket?.end();
    this.#socket = undefined;
    this.#programs = [];
    this.#changed.fire();
    this.#changed.dispose();
  }

  #set(socket: KeeperSocket, programs: readonly ProgramSnapshot[]): void {
    if (this.#socket === socket) {
      this.#programs = programs;
      this.#changed.fire();
    }
  }
}
