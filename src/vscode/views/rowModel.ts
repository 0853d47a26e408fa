/** Which rows a view has and which of them have to be drawn anew. No vscode. */
import type { Event } from "../../base/emitter.ts";
import { RedrawPolicy, type ShownRow } from "./redrawPolicy.ts";
import type { ItemPresentation, Row, RowSource } from "./row.ts";

/** The rows of one view as they were when it was last brought up to date. */
export class RowModel {
  readonly #kinds: readonly RowSource[];
  readonly #redraw = new RedrawPolicy<Row>();
  #top: readonly Row[] = [];
  #below = new Map<Row, readonly Row[]>();

  constructor(kinds: readonly RowSource[]) {
    this.#kinds = kinds;
  }

  /** What can change the rows, apart from time. */
  get changes(): readonly Event<unknown>[] {
    return [...new Set(this.#kinds.flatMap(({ changes }) => changes))];
  }

  /** @param row undefined: at the top. */
  children(row?: Row): readonly Row[] {
    return row === undefined ? this.#top : (this.#below.get(row) ?? []);
  }

  /** The hover of a row was made at `now`. */
  hovered(row: Row, now: number): void {
    this.#redraw.hovered(row, now);
  }

  /**
   * Brings the rows up to date.
   * @param now wall-clock milliseconds.
   * @returns the rows to draw, each with all that is below it; `all` when rows at the top came or went.
   */
  update(now: number): "all" | readonly Row[] {
    const below = new Map<Row, readonly Row[]>();
    const shown: ShownRow<Row>[] = [];
    const childrenOf = (parent: Row | undefined): readonly Row[] =>
      this.#kinds.flatMap((kind) => kind.rowsBelow(parent));
    const add = (row: Row): void => {
      const children = childrenOf(row);
      const presentation = row.source.present(row);
      below.set(row, children);
      shown.push({
        row,
        parent: row.parent,
        children,
        text: presentation === undefined ? "" : reading(presentation, row.source.fold(row)),
        lasting: presentation?.lasting ?? "",
        counts: row.source.counts,
      });
      for (const child of children) {
        add(child);
      }
    };
    this.#top = childrenOf(undefined);
    for (const row of this.#top) {
      add(row);
    }
    this.#below = below;
    const rows = new Set(below.keys());
    for (const kind of this.#kinds) {
      kind.keep(rows);
    }
    return this.#redraw.next(shown, this.#top, now);
  }
}

/** What can be read off a row without hovering. */
function reading(presentation: ItemPresentation, fold: string | undefined): string {
  const { label, description, icon, contextValue } = presentation;
  return JSON.stringify([label, description, icon, contextValue, fold]);
}
