import { type Disposable, toDisposable } from "./disposable.ts";
import { guarded } from "./guarded.ts";

/** Subscribe to an event. The same shape as `vscode.Event`, so that adapters are one line. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/**
 * A typed event source. Listeners run synchronously in the order in which they subscribed; one that throws
 * does not keep the others from running.
 */
export class Emitter<T> implements Disposable {
  #listeners: readonly ((value: T) => void)[] = [];
  #disposed = false;

  readonly event: Event<T> = (listener) => {
    if (this.#disposed) {
      return toDisposable(() => {});
    }
    // A fresh wrapper, so that subscribing the same function twice makes two subscriptions.
    const entry = guarded(listener);
    this.#listeners = [...this.#listeners, entry];
    return toDisposable(() => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    });
  };

  get hasListeners(): boolean {
    return this.#listeners.length > 0;
  }

  fire(value: T): void {
    for (const listener of this.#listeners) {
      listener(value);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners = [];
  }
}

/** Resolves with the next value of `event`, or rejects with the signal's reason. */
export function nextEvent<T>(
  event: Event<T>,
  signal?: AbortSignal,
  accept: (value: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const subscription = event((value) => {
      if (accept(value)) {
        finish();
        resolve(value);
      }
    });
    const onAbort = (): void => {
      finish();
      reject(signal?.reason);
    };
    const finish = (): void => {
      subscription.dispose();
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort);
  });
}
