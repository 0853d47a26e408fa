import { type Disposable, toDisposable } from "./disposable.ts";

/** What a callback of a timer or an event threw. */
export type UnexpectedErrorHandler = (error: unknown) => void;

/** Without a handler it is thrown again where nothing of ours can be cut short by it. */
const rethrow: UnexpectedErrorHandler = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

let handler: UnexpectedErrorHandler = rethrow;

/** Handles what callbacks throw, until disposed. For the one who owns the log. */
export function onUnexpectedError(next: UnexpectedErrorHandler): Disposable {
  handler = next;
  return toDisposable(() => {
    handler = rethrow;
  });
}

/**
 * A callback for a timer, a socket or a process that never throws into it. An uncaught error there could end the whole
 * extension host, and with it the terminals and the work of other extensions.
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
