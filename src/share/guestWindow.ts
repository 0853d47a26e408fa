import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { LastingPrograms } from "../engine/connectionEngine.ts";
import type { WindowHello, WindowNote } from "../engine/mux/windowProtocol.ts";
import type { Master } from "../master/master.ts";
import type { WindowEnd } from "./muxConversation.ts";
import type { ProgramSnapshot } from "./programTypes.ts";

export interface GuestWindowInit {
  readonly master: Master;
  readonly clock: Clock;
  /** Of the connection, as in WindowHello. */
  readonly key: string;
  /** Of this window. */
  name(): string;
  /** On all connections of this window. Absent: others do not learn of them. */
  readonly programs?: LastingPrograms | undefined;
}

/** Another window on a connection of ours. Its policy counts like those of our own uses while it is attached. */
export class GuestWindow implements WindowEnd, Disposable {
  readonly clock: Clock;
  readonly onDidChangeOthers: Event<void>;
  readonly #init: GuestWindowInit;
  #hello: WindowHello | undefined;
  #use: UsePolicy | undefined;
  #policy: Disposable | undefined;
  #lease: Disposable | undefined;
  #ended = false;

  constructor(init: GuestWindowInit) {
    this.#init = init;
    this.clock = init.clock;
    this.onDidChangeOthers = init.master.onDidChange;
  }

  /** Only those of this connection: the other window has nothing to do with the rest. */
  get programs(): LastingPrograms | undefined {
    const { programs, master } = this.#init;
    const here = (): readonly ProgramSnapshot[] =>
      programs?.programs().filter(({ masterId }) => masterId === master.id) ?? [];
    return (
      programs && {
        programs: here,
        onDidChange: programs.onDidChange,
        end: (id) => here().some((each) => each.id === id) && programs.end(id),
      }
    );
  }

  /** This window's, and those of its other guests. */
  others(): readonly UsePolicy[] {
    const { master, name } = this.#init;
    return master.guests.policy.uses
      .filter((use) => use !== this.#use)
      .map((use) => ({ ...use, window: use.window ?? name() }));
  }

  get name(): string | undefined {
    return this.#hello?.name;
  }

  get pid(): number | undefined {
    return this.#hello?.pid;
  }

  hello(): WindowHello {
    const { key, name, master } = this.#init;
    const info = master.connection?.info;
    return { key, name: name(), pid: process.pid, isFull: !master.acceptsSessions, ...(info && { info }) };
  }

  greeted(hello: WindowHello): boolean {
    this.#hello = hello;
    const fits = hello.key === this.#init.key;
    if (fits) {
      // From now on: it says what it wants only later.
      this.#lease = this.#init.master.guests.hold();
    }
    return fits;
  }

  received({ inUse, policy }: Extract<WindowNote, { kind: "use" }>): void {
    if (this.#ended) {
      return;
    }
    const { guests } = this.#init.master;
    const before = this.#policy;
    this.#use = { ...policy, window: this.name ?? "" };
    this.#policy = guests.add(this.#use);
    before?.dispose();
    if (!inUse) {
      this.#lease?.dispose();
      this.#lease = undefined;
    } else {
      this.#lease ??= guests.hold();
    }
  }

  dispose(): void {
    this.#ended = true;
    this.#lease?.dispose();
    this.#lease = undefined;
    this.#policy?.dispose();
  }
}
