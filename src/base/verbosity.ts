/** How much is logged, from least to most. */
const logLevels = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevelName = (typeof logLevels)[number];

/**
 * The level of the log: the editor's own level for the channel. A connection may have another level (`~v` and `~V` of
 * ssh(1)) until the level is next set in the editor.
 */
export class Verbosity {
  readonly #editorLevel: () => LogLevelName | undefined;
  /** By connection id. */
  readonly #chosen = new Map<string, LogLevelName>();

  /** @param editorLevel undefined: the editor shows none of the log. */
  constructor(editorLevel: () => LogLevelName | undefined) {
    this.#editorLevel = editorLevel;
  }

  /**
   * @param connection undefined: for messages that belong to no connection.
   * @returns undefined: nothing is logged.
   */
  level(connection?: string): LogLevelName | undefined {
    const editor = this.#editorLevel();
    return editor && ((connection === undefined ? undefined : this.#chosen.get(connection)) ?? editor);
  }

  /** Raises or lowers the level by one, within its range. @returns the new level. */
  change(connection: string, by: 1 | -1): LogLevelName | undefined {
    const before = this.level(connection);
    if (before !== undefined) {
      this.#chosen.set(connection, logLevels[logLevels.indexOf(before) + by] ?? before);
    }
    return this.level(connection);
  }

  /** The level was set in the editor. */
  reset(): void {
    this.#chosen.clear();
  }

  /** The level to write a message with so that the editor shows it. @returns undefined: it is not shown. */
  writtenAs(level: LogLevelName, connection?: string): LogLevelName | undefined {
    const shown = this.level(connection);
    const editor = this.#editorLevel();
    if (shown === undefined || editor === undefined || rank(level) > rank(shown)) {
      return undefined;
    }
    return rank(level) > rank(editor) ? editor : level;
  }
}

function rank(level: LogLevelName): number {
  return logLevels.indexOf(level);
}
