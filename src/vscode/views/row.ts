/** The rows of a view, without VS Code: kinds of rows, and the rows of their items. */
import type { Event } from "../../base/emitter.ts";
import type { CommandId } from "../settings/contributionIds.ts";
import type { Target } from "./targets.ts";

/** How a row looks. `hover` is Markdown with theme icons, made of escaped text. */
export interface ItemPresentation {
  readonly label: string;
  readonly description: string;
  /** The beginning of the description that stays in front of what a collapsed row counts: a state that must be seen. */
  readonly urgent?: string;
  readonly icon: { readonly id: string; readonly color?: string };
  /** Words separated by spaces, which the menus in package.json match to select the row's commands. */
  readonly contextValue: string;
  readonly hover: string;
  /** The unchanging contents of the hover as one comparable text: settings and their sources. */
  readonly lasting?: string;
  /** For screen readers: the meaning of the icon, the position and the hover in words. */
  readonly accessibleLabel: string;
}

/** Whether a row has children, and whether they show at first. */
export type Fold = "expanded" | "collapsed";

/** The action of a click on a row. */
export interface RowClick {
  readonly command: CommandId;
  readonly title: string;
  /** A double click counts as one. */
  readonly once?: boolean;
}

/** The items in one place of a view: below the row `parent`, or at the top. Undefined: it is another place. */
export type Place<D> = (parent: Row | undefined) => readonly D[] | undefined;

/** At the top of the view. @param list the current items, in order. */
export function atTop<D>(list: () => readonly D[]): Place<D> {
  return (parent) => (parent === undefined ? list() : undefined);
}

/** Below each row of `kind`. @param list the current items, in order. */
export function under<D, P>(kind: RowKind<P>, list: (parent: P) => readonly D[]): Place<D> {
  return (parent) => {
    const about = parent === undefined ? undefined : kind.about(parent);
    return about === undefined ? undefined : list(about);
  };
}

/**
 * One kind of row. To add a kind, write one of these in its own file, and add it to the list of its view: the order
 * of that list is the order of kinds below the same row. `D`: the item of one row.
 */
export interface RowDescription<D> {
  readonly name: string;
  readonly places: readonly Place<D>[];
  /** Unique in the view, and the same for the same item. */
  readonly key: (about: D) => string;
  readonly present: (about: D) => ItemPresentation;
  readonly targets: (about: D) => readonly Target[];
  /** @param hasRows rows of other kinds are below it, filtered or not. Undefined: it can't be expanded. */
  readonly fold?: (about: D, hasRows: boolean) => Fold | undefined;
  /** What a collapsed row above shows about its rows of this kind: "2 sessions". Default: nothing. */
  readonly countTexts?: (shown: readonly D[]) => readonly string[];
  readonly click?: (about: D) => RowClick | undefined;
  /** The hover, if making it takes time. Default: that of `present`. */
  readonly hover?: (about: D) => Promise<string>;
  /** The name under which the expanded state is remembered. Default: it is not. */
  readonly foldName?: (about: D) => string;
  /** The texts that a filter searches. Default: the row is shown with its parent, or with a child. */
  readonly filterTexts?: (about: D) => readonly string[];
  /** Whether a filter counts the rows. */
  readonly isSubject?: boolean;
  /** The user has expanded or collapsed the row. */
  readonly onFold?: (about: D, open: boolean) => void;
  /** Its text contains numbers that change all the time: while its hover is read, it is not redrawn for these alone. */
  readonly counts?: boolean;
  /** Its text depends on nothing but `about`: it is made again only for another object. */
  readonly timeless?: boolean;
  /** What can change any of it, apart from time. */
  readonly changes?: readonly Event<unknown>[];
}

/** One row, which VS Code and the commands know by identity. */
export class Row {
  readonly #source: RowSource;
  readonly key: string;
  readonly parent: Row | undefined;

  constructor(source: RowSource, key: string, parent: Row | undefined) {
    this.#source = source;
    this.key = key;
    this.parent = parent;
  }

  /** Whether a command's argument is one of our rows, and not an object that looks like one. */
  static is(argument: unknown): argument is Row {
    return typeof argument === "object" && argument !== null && #source in argument;
  }

  get source(): RowSource {
    return this.#source;
  }
}

/** A kind of row, for any item. */
export interface RowSource {
  readonly name: string;
  readonly counts: boolean;
  readonly isSubject: boolean;
  readonly changes: readonly Event<unknown>[];
  /** The rows of this kind below a row; undefined: at the top. */
  rowsBelow(parent: Row | undefined): readonly Row[];
  /** Rows that are not in `shown` have been removed: an item that returns gets a new row. */
  keep(shown: ReadonlySet<Row>): void;
  present(row: Row): ItemPresentation | undefined;
  targets(row: Row): readonly Target[];
  fold(row: Row, hasRows: boolean): Fold | undefined;
  /** @param rows of this kind. */
  countTexts(rows: readonly Row[]): readonly string[];
  click(row: Row): RowClick | undefined;
  hover(row: Row): Promise<string | undefined>;
  foldName(row: Row): string | undefined;
  filterTexts(row: Row): readonly string[];
  onFold(row: Row, open: boolean): void;
}

interface Known<D> {
  readonly row: Row;
  about: D;
  presentation: ItemPresentation | undefined;
}

/** Keeps one row object for each item of a kind, with its last data. */
export class RowKind<D> implements RowSource {
  readonly name: string;
  readonly counts: boolean;
  readonly isSubject: boolean;
  readonly changes: readonly Event<unknown>[];
  readonly #description: RowDescription<D>;
  /** By parent row and key: an item that moves gets a new row, because VS Code can't move one. */
  #rows = new Map<Row | undefined, Map<string, Known<D>>>();
  #known = new WeakMap<Row, Known<D>>();

  constructor(description: RowDescription<D>) {
    this.name = description.name;
    this.counts = description.counts ?? false;
    this.isSubject = description.isSubject ?? false;
    this.changes = description.changes ?? [];
    this.#description = description;
  }

  /** The item of a row; undefined: it is of another kind, or was removed. */
  about(row: Row): D | undefined {
    return this.#known.get(row)?.about;
  }

  /** The row of `key`, if it is shown. */
  find(key: string): Row | undefined {
    for (const rows of this.#rows.values()) {
      const known = rows.get(key);
      if (known !== undefined) {
        return known.row;
      }
    }
    return undefined;
  }

  rowsBelow(parent: Row | undefined): readonly Row[] {
    return this.#description.places
      .flatMap((place) => place(parent) ?? [])
      .map((about) => this.#rowOf(about, parent));
  }

  keep(shown: ReadonlySet<Row>): void {
    for (const [parent, rows] of this.#rows) {
      for (const [key, { row }] of rows) {
        if (!shown.has(row)) {
          rows.delete(key);
        }
      }
      if (rows.size === 0) {
        this.#rows.delete(parent);
      }
    }
  }

  present(row: Row): ItemPresentation | undefined {
    const known = this.#known.get(row);
    if (known === undefined) {
      return undefined;
    }
    if (this.#description.timeless !== true) {
      return this.#description.present(known.about);
    }
    known.presentation ??= this.#description.present(known.about);
    return known.presentation;
  }

  targets(row: Row): readonly Target[] {
    const known = this.#known.get(row);
    return known === undefined ? [] : this.#description.targets(known.about);
  }

  fold(row: Row, hasRows: boolean): Fold | undefined {
    const known = this.#known.get(row);
    return known === undefined ? undefined : this.#description.fold?.(known.about, hasRows);
  }

  countTexts(rows: readonly Row[]): readonly string[] {
    const shown = rows
      .map((row) => this.#known.get(row))
      .filter((known) => known !== undefined)
      .map(({ about }) => about);
    return shown.length === 0 ? [] : (this.#description.countTexts?.(shown) ?? []);
  }

  click(row: Row): RowClick | undefined {
    const known = this.#known.get(row);
    return known === undefined ? undefined : this.#description.click?.(known.about);
  }

  async hover(row: Row): Promise<string | undefined> {
    const known = this.#known.get(row);
    return known === undefined
      ? undefined
      : ((await this.#description.hover?.(known.about)) ?? this.#description.present(known.about).hover);
  }

  foldName(row: Row): string | undefined {
    const known = this.#known.get(row);
    return known === undefined ? undefined : this.#description.foldName?.(known.about);
  }

  filterTexts(row: Row): readonly string[] {
    const known = this.#known.get(row);
    return known === undefined ? [] : (this.#description.filterTexts?.(known.about) ?? []);
  }

  onFold(row: Row, open: boolean): void {
    const known = this.#known.get(row);
    if (known !== undefined) {
      this.#description.onFold?.(known.about, open);
    }
  }

  #rowOf(about: D, parent: Row | undefined): Row {
    const key = this.#description.key(about);
    const siblings = this.#rows.get(parent) ?? new Map<string, Known<D>>();
    this.#rows.set(parent, siblings);
    const known = siblings.get(key);
    if (known !== undefined) {
      if (known.about !== about) {
        known.about = about;
        known.presentation = undefined;
      }
      return known.row;
    }
    const fresh = { row: new Row(this, key, parent), about, presentation: undefined };
    siblings.set(key, fresh);
    this.#known.set(fresh.row, fresh);
    return fresh.row;
  }
}
