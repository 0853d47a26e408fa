/**
 * Decides when rows of a tree are redrawn. VS Code requests a hover once and keeps it until its row is redrawn, and a
 * click is lost when the row under the pointer is redrawn between press and release: so as few rows as possible are
 * redrawn. VS Code redraws everything below a row with it. No vscode.
 */

/** Milliseconds for which the times and counters in a hover may be out of date: long enough to read it. */
const hoverLife = 30_000;
/** Milliseconds for which a hovered row is not redrawn for number changes alone: redrawing would close its hover. */
const hoverCalm = 10_000;

export interface ShownRow<R> {
  /** The same object for the same item. */
  readonly row: R;
  readonly parent: R | undefined;
  readonly children: readonly R[];
  /** What the row shows without its hover. */
  readonly text: string;
  /** The contents of its hover except times and counters: settings and their sources. */
  readonly lasting: string;
  /** Its text contains numbers that change all the time. */
  readonly counts: boolean;
}

interface Drawn<R> {
  readonly text: string;
  readonly lasting: string;
  readonly children: readonly R[];
}

/** Remembers what was drawn, and which hovers were made. */
export class RedrawPolicy<R> {
  #drawn = new Map<R, Drawn<R>>();
  #top: readonly R[] | undefined;
  /** When the hovers that VS Code keeps were made, in wall-clock milliseconds. */
  #hovers = new Map<R, number>();

  /** The hover of a row was made at `now`. */
  hovered(row: R, now: number): void {
    this.#hovers.set(row, now);
  }

  /**
   * @param rows from top to bottom, each before the rows below it.
   * @param top the top-level rows, in order.
   * @param now wall-clock milliseconds.
   * @returns the rows to redraw, without those below one of them; `all` when top-level rows were added, removed or
   *   moved.
   */
  next(rows: readonly ShownRow<R>[], top: readonly R[], now: number): "all" | readonly R[] {
    const before = this.#drawn;
    this.#drawn = new Map(
      rows.map((shown) => [
        shown.row,
        { text: this.#textOf(shown, now), lasting: shown.lasting, children: shown.children },
      ]),
    );
    this.#hovers = new Map([...this.#hovers].filter(([row]) => this.#drawn.has(row)));
    const topBefore = this.#top;
    this.#top = top;
    if (topBefore === undefined || !isSame(topBefore, top)) {
      this.#hovers.clear();
      return "all";
    }
    const due: R[] = [];
    /** The rows that are redrawn, alone or with a row above them. */
    const covered = new Set<R>();
    for (const { row, parent } of rows) {
      if (parent !== undefined && covered.has(parent)) {
        covered.add(row);
      } else if (this.#isDue(row, before.get(row), now)) {
        covered.add(row);
        due.push(row);
      }
    }
    for (const row of covered) {
      this.#hovers.delete(row);
    }
    return due;
  }

  #isDue(row: R, was: Drawn<R> | undefined, now: number): boolean {
    const is = this.#drawn.get(row);
    const isStale = now - (this.#hovers.get(row) ?? now) > hoverLife;
    return (
      was === undefined ||
      is === undefined ||
      was.text !== is.text ||
      was.lasting !== is.lasting ||
      !isSame(was.children, is.children) ||
      isStale
    );
  }

  /** The text drawn before, as long as the hover is being read and only numbers changed. */
  #textOf({ row, text, counts }: ShownRow<R>, now: number): string {
    const was = this.#drawn.get(row)?.text;
    const isRead = now - (this.#hovers.get(row) ?? Number.NEGATIVE_INFINITY) < hoverCalm;
    return counts && isRead && was !== undefined && withoutNumbers(was) === withoutNumbers(text) ? was : text;
  }
}

function isSame<R>(one: readonly R[], other: readonly R[]): boolean {
  return one.length === other.length && one.every((row, at) => row === other[at]);
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, "");
}
