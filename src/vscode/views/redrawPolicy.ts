/** When rows of a tree are drawn anew. VS Code asks for a hover once and keeps it until its row is drawn again. No vscode. */

/** Milliseconds for which a hover may be out of date in its times and counters. Long enough to read one. */
const hoverLife = 30_000;
/** Milliseconds for which a row that was pointed at is not drawn for numbers alone: that would close its hover. */
const hoverCalm = 10_000;

export interface ShownRow {
  /** The same for the same thing. */
  readonly key: string;
  /** What can be read off the row without pointing at it. */
  readonly text: string;
  /** What its hover says apart from times and counters: settings and where they come from. */
  readonly lasting: string;
  /** Its text has numbers that change all the time. */
  readonly counts: boolean;
}

/** Remembers what was drawn, and which hovers were made. */
export class RedrawPolicy {
  #drawn = new Map<string, { readonly text: string; readonly lasting: string }>();
  #structure: string | undefined;
  /** When the hovers that VS Code keeps were made, in wall-clock milliseconds. */
  #hovers = new Map<string, number>();

  /** The hover of a row was made at `now`. */
  hovered(key: string, now: number): void {
    this.#hovers.set(key, now);
  }

  /**
   * @param structure which rows there are and in which order, as one comparable text.
   * @param now wall-clock milliseconds.
   * @returns the keys of the rows to draw; `all` when rows came or went.
   */
  next(rows: readonly ShownRow[], structure: string, now: number): "all" | readonly string[] {
    const before = this.#drawn;
    this.#drawn = new Map(
      rows.map((row) => [row.key, { text: this.#textOf(row, now), lasting: row.lasting }]),
    );
    this.#hovers = new Map([...this.#hovers].filter(([key]) => this.#drawn.has(key)));
    if (this.#structure !== structure) {
      this.#structure = structure;
      this.#hovers.clear();
      return "all";
    }
    const due = [...this.#drawn].filter(([key, { text, lasting }]) => {
      const was = before.get(key);
      const isStale = now - (this.#hovers.get(key) ?? now) > hoverLife;
      return was?.text !== text || was.lasting !== lasting || isStale;
    });
    for (const [key] of due) {
      this.#hovers.delete(key);
    }
    return due.map(([key]) => key);
  }

  /** What was drawn before, as long as the hover is read and only numbers changed. */
  #textOf({ key, text, counts }: ShownRow, now: number): string {
    const was = this.#drawn.get(key)?.text;
    const isRead = now - (this.#hovers.get(key) ?? Number.NEGATIVE_INFINITY) < hoverCalm;
    return counts && isRead && was !== undefined && withoutNumbers(was) === withoutNumbers(text) ? was : text;
  }
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, "");
}
