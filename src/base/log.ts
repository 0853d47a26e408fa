/** Where the extension reports what it does. Never given a secret; remote text goes through `printable` first. */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, error?: unknown): void;
}

export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** A logger that puts `prefix` in front of each message. */
export function prefixed(logger: Logger, prefix: string): Logger {
  return {
    trace: (message) => logger.trace(`${prefix}: ${message}`),
    debug: (message) => logger.debug(`${prefix}: ${message}`),
    info: (message) => logger.info(`${prefix}: ${message}`),
    warn: (message) => logger.warn(`${prefix}: ${message}`),
    error: (message, error) => logger.error(`${prefix}: ${message}`, error),
  };
}

// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width characters.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/g;

/**
 * Makes remote or file text safe to show on one line: control, bidirectional and invisible characters become
 * `\u{..}` escapes, and what is longer than `limit` characters is cut with an ellipsis.
 */
export function printable(text: string, limit = 500): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(unprintable, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`);
}
