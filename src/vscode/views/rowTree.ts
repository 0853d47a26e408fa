import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { shownText } from "../../text/plainMessage.ts";
import { hoverText } from "../messages/messages.ts";
import { Coalescer } from "./coalescer.ts";
import type { FocusedRow } from "./focusedRow.ts";
import type { FoldMemory } from "./foldMemory.ts";
import type { Row, RowSource } from "./row.ts";
import { RowClicks } from "./rowClicks.ts";
import type { RowFilter } from "./rowFilter.ts";
import { type FilterCount, RowModel } from "./rowModel.ts";
import { toTreeItem } from "./treeItem.ts";

const tickInterval = 1000;

export interface RowTreeInit {
  readonly viewId: string;
  /** In the order of kinds below the same row. */
  readonly kinds: readonly RowSource[];
  readonly filter: RowFilter;
  readonly folds: FoldMemory;
  readonly focused: FocusedRow;
  /** Shown above the rows while they are filtered. */
  readonly filterMessage: (text: string, count: FilterCount) => string;
  readonly clock: Clock;
  /** Milliseconds from a change to the redrawing of all that changed meanwhile. */
  readonly refreshDelay: number;
  readonly showCollapseAll?: boolean;
  /** Must resolve before the first rows are shown. */
  readonly ready?: () => Promise<void>;
  /** Its rows have durations and countdowns that keep running. */
  readonly ticks?: boolean;
  readonly onVisible?: (visible: boolean) => void;
  readonly badge?: () => vscode.ViewBadge | undefined;
}

/** A view of the side bar, made of rows. It only connects VS Code with the model. */
export class RowTree implements vscode.TreeDataProvider<Row>, Disposable {
  readonly #init: RowTreeInit;
  readonly #model: RowModel;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<Row | Row[] | undefined>;
  readonly #view: vscode.TreeView<Row>;
  readonly #refresh: Coalescer;
  readonly #clicks: RowClicks;
  /** Not in package.json: only the view calls it. */
  readonly #clickCommand: string;
  readonly onDidChangeTreeData: vscode.Event<Row | Row[] | undefined>;
  #tick: Disposable | undefined;

  constructor(init: RowTreeInit) {
    this.#init = init;
    this.#model = new RowModel(init);
    this.#changed = this.#store.add(new vscode.EventEmitter<Row | Row[] | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    const refresh = this.#store.add(new Coalescer(init.clock, init.refreshDelay, () => this.#update()));
    this.#refresh = refresh;
    this.#view = this.#store.add(
      vscode.window.createTreeView(init.viewId, {
        treeDataProvider: this,
        showCollapseAll: init.showCollapseAll ?? false,
      }),
    );
    this.#clicks = new RowClicks(init.clock);
    this.#clickCommand = `_${init.viewId}.click`;
    this.#store.add(vscode.commands.registerCommand(this.#clickCommand, () => this.#clicked()));
    for (const change of [...this.#model.changes, init.filter.onDidChange]) {
      this.#store.add(change(() => refresh.request()));
    }
    this.#store.add(
      this.#view.onDidChangeVisibility(({ visible }) => {
        init.onVisible?.(visible);
        this.#schedule();
      }),
    );
    const folded = (row: Row, open: boolean): void => {
      this.#model.folded(row, open);
      refresh.request();
    };
    this.#store.add(this.#view.onDidExpandElement(({ element }) => folded(element, true)));
    this.#store.add(this.#view.onDidCollapseElement(({ element }) => folded(element, false)));
    this.#store.add(this.#view.onDidChangeSelection(({ selection }) => init.focused.update(selection)));
    init.onVisible?.(this.#view.visible);
    this.#update();
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row === undefined && this.#init.ready !== undefined) {
      await this.#init.ready();
      this.#model.update(this.#init.clock.now());
    }
    // Includes changes that have not been drawn yet.
    this.#refresh.flush();
    return [...this.#model.children(row)];
  }

  getParent(row: Row): Row | undefined {
    return row.parent;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const model = this.#model;
    return toTreeItem(row, model.id(row), model.present(row), model.fold(row), this.#clickCommand);
  }

  /** The hover is made when it opens: rows are redrawn rarely, but times and counters keep changing. */
  async resolveTreeItem(item: vscode.TreeItem, row: Row): Promise<vscode.TreeItem> {
    const hover = await row.source.hover(row);
    if (hover !== undefined) {
      item.tooltip = hoverText(hover);
      this.#model.hovered(row, this.#init.clock.now());
    }
    return item;
  }

  dispose(): void {
    this.#tick?.dispose();
    this.#store.dispose();
  }

  /** VS Code selects a row before it runs the row's command. */
  async #clicked(): Promise<void> {
    const [row] = this.#view.selection;
    const click = row?.source.click(row);
    if (click !== undefined && (click.once !== true || this.#clicks.accept(row))) {
      await vscode.commands.executeCommand(click.command, row);
    }
  }

  #update(): void {
    const selected = this.#view.selection.map((row) => ({ row, id: this.#model.id(row) }));
    const due = this.#model.update(this.#init.clock.now());
    if (due === "all") {
      this.#changed.fire(undefined);
      void this.#selectAgain(
        selected.filter(({ row, id }) => this.#model.id(row) !== id).map(({ row }) => row),
      );
    } else if (due.length > 0) {
      this.#changed.fire([...due]);
    }
    const { filter, filterMessage } = this.#init;
    const message = filter.isOn ? shownText(filterMessage(filter.text, this.#model.filterCount)) : "";
    // Setting it redraws the view's header.
    if (message !== (this.#view.message ?? "")) {
      this.#view.message = message;
    }
    if (this.#init.badge !== undefined) {
      this.#view.badge = this.#init.badge();
    }
    this.#schedule();
  }

  /** VS Code forgets the selection of a row with its id. */
  async #selectAgain([row]: readonly Row[]): Promise<void> {
    if (row === undefined || !this.#view.visible) {
      return;
    }
    try {
      await this.#view.reveal(row, { select: true, focus: false, expand: false });
    } catch {
      // The row or the view has gone meanwhile.
    }
  }

  /** Only while they are visible. */
  #schedule(): void {
    this.#tick?.dispose();
    this.#tick = undefined;
    if (this.#init.ticks === true && this.#view.visible && this.#model.children().length > 0) {
      this.#tick = this.#init.clock.setTimeout(() => this.#update(), tickInterval);
    }
  }
}
