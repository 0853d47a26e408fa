/** Which rows a view has and which of them must be redrawn. No vscode. */
import type { Event } from "../../base/emitter.ts";
import type { FoldMemory } from "./foldMemory.ts";
import { RedrawPolicy, type ShownRow } from "./redrawPolicy.ts";
import type { Fold, ItemPresentation, Row, RowSource } from "./row.ts";
import type { RowFilter } from "./rowFilter.ts";

export interface RowModelInit {
  /** In the order of kinds below the same row. */
  readonly kinds: readonly RowSource[];
  readonly filter: Pick<RowFilter, "isOn" | "text" | "matches">;
  readonly folds: Pick<FoldMemory, "isOpen" | "set">;
}

/** The number of rows that a filter counts, and how many of them are shown. */
export interface FilterCount {
  readonly shown: number;
  readonly total: number;
}

/** The rows of one view as of the last update. */
export class RowModel {
  readonly #kinds: readonly RowSource[];
  readonly #filter: RowModelInit["filter"];
  readonly #folds: RowModelInit["folds"];
  readonly #redraw = new RedrawPolicy<Row>();
  #top: readonly Row[] = [];
  #below = new Map<Row, readonly Row[]>();
  /** Without the filter. */
  #listed: ReadonlyMap<Row | undefined, readonly Row[]> = new Map();
  /** By row: whether it could be expanded at the last update, and how often it has become so while it was shown. */
  #foldable = new Map<Row, { readonly is: boolean; readonly times: number }>();
  #filteredBy = "";
  #count: FilterCount = { shown: 0, total: 0 };

  constructor({ kinds, filter, folds }: RowModelInit) {
    this.#kinds = kinds;
    this.#filter = filter;
    this.#folds = folds;
  }

  /** What can change the rows, apart from time. */
  get changes(): readonly Event<unknown>[] {
    return [...new Set(this.#kinds.flatMap(({ changes }) => changes))];
  }

  get filterCount(): FilterCount {
    return this.#count;
  }

  /** @param row undefined: at the top. */
  children(row?: Row): readonly Row[] {
    return row === undefined ? this.#top : (this.#below.get(row) ?? []);
  }

  /** Expanded or collapsed as the user left it; parents of filter matches are expanded. */
  fold(row: Row): Fold | undefined {
    const fold = row.source.fold(row, this.#listedBelow(row).length > 0);
    if (fold === undefined || this.#filter.isOn) {
      return fold === undefined ? undefined : "expanded";
    }
    const name = row.source.foldName(row);
    const isOpen = name === undefined ? undefined : this.#folds.isOpen(name);
    return isOpen === undefined ? fold : isOpen ? "expanded" : "collapsed";
  }

  /**
   * VS Code remembers the expanded state by id, and a row without children counts as collapsed. So a row that is
   * expanded by a filter has another id, and so has a row that gets its first child while it is shown.
   */
  id(row: Row): string {
    const times = this.#foldable.get(row)?.times ?? 0;
    const id = times === 0 ? row.key : `${row.key} ${times}`;
    return this.#filter.isOn && this.fold(row) !== undefined ? `${id} filtered` : id;
  }

  /** A collapsed row counts the rows below it, after a state that must be seen. */
  present(row: Row): ItemPresentation | undefined {
    const shown = row.source.present(row);
    if (shown === undefined || this.fold(row) !== "collapsed") {
      return shown;
    }
    const below = this.#listedBelow(row);
    const counts = this.#kinds.flatMap((kind) =>
      kind.countTexts(below.filter(({ source }) => source === kind)),
    );
    const { urgent = "" } = shown;
    const rest = shown.description.slice(urgent.length).replace(/^ · /, "");
    const description = [urgent, ...counts, rest].filter((part) => part !== "").join(" · ");
    return { ...shown, description };
  }

  /** The user has expanded or collapsed a row. */
  folded(row: Row, open: boolean): void {
    const name = row.source.foldName(row);
    if (name !== undefined && !this.#filter.isOn) {
      this.#folds.set(name, open);
    }
    row.source.onFold(row, open);
  }

  /** The hover of a row was made at `now`. */
  hovered(row: Row, now: number): void {
    this.#redraw.hovered(row, now);
  }

  /**
   * Updates the rows.
   * @param now wall-clock milliseconds.
   * @returns the rows to redraw, each with all below it; `all` when top-level rows were added or removed, or a row
   *   has another id: VS Code ignores that when only the row is redrawn.
   */
  update(now: number): "all" | readonly Row[] {
    const listed = new Map<Row | undefined, readonly Row[]>();
    const list = (parent: Row | undefined): void => {
      const rows = this.#kinds.flatMap((kind) => kind.rowsBelow(parent));
      listed.set(parent, rows);
      for (const row of rows) {
        list(row);
      }
    };
    list(undefined);
    this.#listed = listed;
    const below = this.#filtered(listed);
    const known = new Set([...listed.keys()].filter((row) => row !== undefined));
    for (const kind of this.#kinds) {
      kind.keep(known);
    }
    const hasOtherIds = this.#updateFoldable(known);
    this.#top = below.get(undefined) ?? [];
    const shown: ShownRow<Row>[] = [];
    const add = (row: Row): void => {
      const children = below.get(row) ?? [];
      const presentation = this.present(row);
      shown.push({
        row,
        parent: row.parent,
        children,
        text: presentation === undefined ? "" : reading(presentation, this.fold(row)),
        lasting: presentation?.lasting ?? "",
        counts: row.source.counts,
      });
      for (const child of children) {
        add(child);
      }
    };
    for (const row of this.#top) {
      add(row);
    }
    this.#below = new Map([...below].flatMap(([row, rows]) => (row === undefined ? [] : [[row, rows]])));
    const due = this.#redraw.next(shown, this.#top, now);
    const isOther = this.#filteredBy !== this.#filter.text;
    this.#filteredBy = this.#filter.text;
    return isOther || hasOtherIds ? "all" : due;
  }

  /** Returns whether a row that was shown without children has some now. */
  #updateFoldable(rows: ReadonlySet<Row>): boolean {
    const before = this.#foldable;
    let hasOtherIds = false;
    this.#foldable = new Map();
    for (const row of rows) {
      const is = row.source.fold(row, this.#listedBelow(row).length > 0) !== undefined;
      const was = before.get(row);
      const isOther = is && was?.is === false;
      this.#foldable.set(row, { is, times: (was?.times ?? 0) + (isOther ? 1 : 0) });
      hasOtherIds ||= isOther;
    }
    return hasOtherIds;
  }

  #listedBelow(row: Row): readonly Row[] {
    return this.#listed.get(row) ?? [];
  }

  /**
   * What the filter keeps: matches, everything below them, and their parents. The words may be spread over a row and
   * its parents: `prod db` finds the host `db1` in the group `Prod`.
   */
  #filtered(
    listed: ReadonlyMap<Row | undefined, readonly Row[]>,
  ): ReadonlyMap<Row | undefined, readonly Row[]> {
    if (!this.#filter.isOn) {
      return listed;
    }
    const below = new Map<Row | undefined, readonly Row[]>();
    let [shown, total] = [0, 0];
    const visit = (row: Row, isFound: boolean, above: readonly string[]): boolean => {
      const own = row.source.filterTexts(row);
      const texts = [...above, ...own];
      const found = isFound || (own.length > 0 && this.#filter.matches(texts));
      const children = (listed.get(row) ?? []).filter((child) => visit(child, found, texts));
      below.set(row, children);
      const isShown = found || children.length > 0;
      if (row.source.isSubject) {
        total++;
        shown += isShown ? 1 : 0;
      }
      return isShown;
    };
    below.set(
      undefined,
      (listed.get(undefined) ?? []).filter((row) => visit(row, false, [])),
    );
    this.#count = { shown, total };
    return below;
  }
}

/** What a row shows without its hover. */
function reading(presentation: ItemPresentation, fold: Fold | undefined): string {
  const { label, description, icon, contextValue } = presentation;
  return JSON.stringify([label, description, icon, contextValue, fold === undefined]);
}
