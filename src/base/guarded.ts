import { type Disposable, toDisposable } from "./disposable.ts";

/** Receives what a callback of a timer or an event threw. */
export type UnexpectedErrorHandler = (error: unknown) => void;

/** Without a handler the error is thrown again in a separate microtask, so that it interrupts none of our code. */
const rethrow: UnexpectedErrorHandler = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

let handler: UnexpectedErrorHandler = rethrow;

/** Sets the handler for errors of callbacks, until disposed. Called by the owner of the log. */
export function onUnexpectedError(next: UnexpectedErrorHandler): Disposable {
  handler = next;
  return toDisposable(() => {
    handler = rethrow;
  });
}

/**
 * Wraps a callback of a timer, a socket or a process so that it never throws. An uncaught error there could end the
 * whole extension host, with its terminals and the work of other extensions.
 */
export function guarded<Values extends readonly unknown[]>(
  action: (...values: Values) => void,
): (...values: Values) => void {
  return (...values) => {
    try {
      action(...values);
    } catch (error) {
      handler(error);
    }
  };
}
