import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";

export interface InputTarget {
  /** False: wait for `onDidDrain`. The data is accepted in either case. */
  write(data: Uint8Array): boolean;
  readonly onDidDrain: Event<void>;
}

/** Large pastes are sent in parts, so that the rest waits here for a slow reader. */
const part = 32 * 1024;

/** Input for a session, in order and complete, however slow the reader is. */
export class InputQueue implements Disposable {
  readonly #target: InputTarget;
  readonly #limit: number;
  readonly #subscription: Disposable;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #blocked = false;

  /** @param limit bytes that may wait here; input beyond it is refused as a whole. */
  constructor(target: InputTarget, limit = 64 * 1024 * 1024) {
    this.#target = target;
    this.#limit = limit;
    this.#subscription = target.onDidDrain(() => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** The last write is still waiting. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** @returns false when there is no room for it; then none of it is sent. */
  push(data: Uint8Array): boolean {
    if (this.#size + data.length > this.#limit) {
      return false;
    }
    for (let at = 0; at < data.length; at += part) {
      this.#waiting.push(data.subarray(at, at + part));
    }
    this.#size += data.length;
    this.#flush();
    return true;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#waiting = [];
    this.#size = 0;
    this.#blocked = true;
  }

  #flush(): void {
    let sent = 0;
    while (!this.#blocked) {
      const next = this.#waiting[sent];
      if (next === undefined) {
        break;
      }
      sent++;
      this.#size -= next.length;
      this.#blocked = !this.#target.write(next);
    }
    this.#waiting.splice(0, sent);
  }
}
