/** The log. It is never given a secret; remote text goes through `printable` first. */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, error?: unknown): void;
  /** The log of one connection, by its id, which may have its own level. Absent: there is only one log. */
  forConnection?(id: string): Logger;
}

export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** The log of one connection: each message begins with its id and its host. */
export function logOf(logger: Logger, id: string, host: string): Logger {
  return prefixed(logger.forConnection?.(id) ?? logger, `${id} ${host}`);
}

/** A logger that puts `prefix` in front of each message. */
function prefixed(logger: Logger, prefix: string): Logger {
  return {
    trace: (message) => logger.trace(`${prefix}: ${message}`),
    debug: (message) => logger.debug(`${prefix}: ${message}`),
    info: (message) => logger.info(`${prefix}: ${message}`),
    warn: (message) => logger.warn(`${prefix}: ${message}`),
    error: (message, error) => logger.error(`${prefix}: ${message}`, error),
  };
}

// Control characters, format characters (bidirectional, zero-width, tags), lone surrogates, line and paragraph
// separators; then letters that have no visible shape.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/**
 * Makes text of a server or a file safe to show on one line: control, bidirectional and invisible characters become
 * `\u{..}` escapes, and text beyond `limit` characters is cut with an ellipsis.
 */
export function printable(text: string, limit = 500): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(unprintable, escaped);
}

/** Like `printable`, for text of many lines and any length: tabs stay, and line ends become LF. */
export function printableLines(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(unprintable, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

function escaped(char: string): string {
  return `\\u{${char.codePointAt(0)?.toString(16)}}`;
}
