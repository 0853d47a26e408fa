/** How much of what happens is logged, from least to most. */
export const logLevels = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevelName = (typeof logLevels)[number];

/**
 * The level of the log: the editor's own for the channel until a person asks for more or less (`~v` and `~V` of ssh(1)),
 * and again from the next time that it is set in the editor.
 */
export class Verbosity {
  readonly #editorLevel: () => LogLevelName | undefined;
  #chosen: LogLevelName | undefined;

  /** @param editorLevel undefined: the editor shows nothing of the log. */
  constructor(editorLevel: () => LogLevelName | undefined) {
    this.#editorLevel = editorLevel;
  }

  /** Undefined: nothing is logged. */
  get level(): LogLevelName | undefined {
    const editor = this.#editorLevel();
    return editor && (this.#chosen ?? editor);
  }

  /** One level more or less, within what there is. @returns the level that holds now. */
  change(by: 1 | -1): LogLevelName | undefined {
    const before = this.level;
    if (before !== undefined) {
      this.#chosen = logLevels[logLevels.indexOf(before) + by] ?? before;
    }
    return this.level;
  }

  /** The level was set in the editor. */
  reset(): void {
    this.#chosen = undefined;
  }

  /**
   * As which level a message is written so that the editor shows it.
   * @returns undefined: not at all.
   */
  writtenAs(level: LogLevelName): LogLevelName | undefined {
    const { level: shown } = this;
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
