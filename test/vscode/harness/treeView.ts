import type { Locator, Page } from "playwright-core";
import { exactText } from "./exactText.ts";
import { waitUntil } from "./waitUntil.ts";

export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** 1 for a row without a parent. */
  readonly level: number;
  /** Undefined for a row without children. */
  readonly expanded: boolean | undefined;
  /** The text for screen readers. */
  readonly ariaLabel: string;
}

/** A tree in a side bar, found by the title of its view. */
export class TreeView {
  readonly #page: Page;
  readonly #pane: Locator;
  readonly #title: string;

  constructor(page: Page, title: string) {
    this.#page = page;
    this.#title = title;
    this.#pane = page
      .locator(".pane")
      .filter({ has: page.locator(".pane-header .title").filter({ hasText: exactText(title) }) });
  }

  /** The visible rows from top to bottom, all read at once: a row that vanishes meanwhile costs seconds. */
  async rows(): Promise<TreeRow[]> {
    return await this.#read(".monaco-list-row");
  }

  async #read(rows: string): Promise<TreeRow[]> {
    return await this.#pane.locator(rows).evaluateAll((elements) =>
      elements.map((element) => {
        const page = element as unknown as PageElement;
        const expanded = page.getAttribute("aria-expanded");
        return {
          label: page.querySelector(".label-name")?.innerText ?? "",
          description: page.querySelector(".label-description")?.innerText ?? "",
          level: Number(page.getAttribute("aria-level")),
          expanded: expanded === null ? undefined : expanded === "true",
          ariaLabel: page.getAttribute("aria-label") ?? "",
        };
      }),
    );
  }

  /** The labels that the side bar is too narrow for. */
  async cutNames(): Promise<string[]> {
    return await this.#pane.locator(".monaco-list-row").evaluateAll((elements) =>
      elements.flatMap((element) => {
        const page = element as unknown as PageElement;
        const name = page.querySelector(".label-name");
        const room = page.querySelector(".monaco-icon-label-container");
        const isCut =
          name !== null &&
          room !== null &&
          name.getBoundingClientRect().right > room.getBoundingClientRect().right + 1;
        return isCut ? [name.innerText] : [];
      }),
    );
  }

  /** Waits until a row with this label exists and `accept` returns true for it. */
  async waitForRow(label: string | RegExp, accept: (row: TreeRow) => boolean = () => true): Promise<TreeRow> {
    return await waitUntil(
      async () => (await this.rows()).find((row) => matches(row.label, label) && accept(row)),
      async () =>
        `no row ${label} as wanted in "${this.#title}", but: ${JSON.stringify(await this.rows(), undefined, 1)}`,
    );
  }

  /** Waits until no row has this label. */
  async waitForNoRow(label: string | RegExp): Promise<void> {
    await waitUntil(
      async () => !(await this.rows()).some((row) => matches(row.label, label)),
      () => `a row ${label} stays in "${this.#title}"`,
    );
  }

  /** The row with the keyboard focus; undefined: the view does not have it. */
  async focusedRow(): Promise<TreeRow | undefined> {
    const [focused] = await this.#read(".monaco-list:focus .monaco-list-row.focused");
    return focused;
  }

  /** Waits until exactly the rows with these labels are selected. */
  async waitForSelection(labels: readonly string[]): Promise<void> {
    const selected = async (): Promise<readonly string[]> =>
      (await this.#read(".monaco-list-row.selected")).map(({ label }) => label);
    await waitUntil(
      async () => (await selected()).join() === labels.join(),
      async () => `selected: ${(await selected()).join()}`,
    );
  }

  /** The view's text if it has no rows (welcome content). */
  async welcomeText(): Promise<string> {
    return await this.#pane.locator(".welcome-view-content").innerText();
  }

  async click(label: string): Promise<void> {
    await this.#row(label).click();
  }

  async doubleClick(label: string): Promise<void> {
    await this.#row(label).dblclick();
  }

  /** Presses one of the buttons that appear when the pointer is on the row. */
  async inlineAction(label: string, action: string): Promise<void> {
    const row = this.#row(label);
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^=${JSON.stringify(action)}]`).click();
  }

  /** Moves the pointer to the row, which shows its inline buttons. */
  async pointAt(label: string): Promise<void> {
    await this.#row(label).hover();
  }

  /** Names of the row's inline buttons. */
  async inlineActions(label: string): Promise<string[]> {
    const row = this.#row(label);
    await row.hover();
    const names: string[] = [];
    for (const action of await row.locator(".actions .action-label").all()) {
      names.push((await action.getAttribute("aria-label")) ?? "");
    }
    return names;
  }

  /** Chooses an item of the row's context menu. */
  async contextMenu(label: string, item: string): Promise<void> {
    const entry = this.#page.locator(`.monaco-menu .action-label[aria-label=${JSON.stringify(item)}]`);
    await this.#openMenu(label, entry, async () => {
      await entry.click({ timeout: 5_000 });
      // It ignores a button that is released soon after it opened (menu.ts, runOnceToEnableMouseUp), and stays open.
      await entry.waitFor({ state: "hidden", timeout: 5_000 });
    });
  }

  /** The entries of the row's context menu, which is closed again. */
  async menuItems(label: string): Promise<string[]> {
    const entries = this.#page.locator(".monaco-menu .action-item:not(.disabled) .action-label[aria-label]");
    await this.#openMenu(label, entries.first());
    const names = await entries.evaluateAll((all) =>
      all.map((each) => (each as unknown as PageElement).getAttribute("aria-label") ?? ""),
    );
    await this.#page.keyboard.press("Escape");
    await entries.first().waitFor({ state: "hidden" });
    return names;
  }

  /**
   * Opens the row's menu and points at an entry: the menu ignores a button that is released before it has drawn
   * itself. A terminal that takes the focus closes the menu, and a redrawn row may lose the click: then it is opened
   * again.
   */
  async #openMenu(label: string, entry: Locator, act: () => Promise<void> = async () => {}): Promise<void> {
    let byKeyboard = false;
    const attempts: string[] = [];
    await waitUntil(
      async () => {
        // The row keeps the focus when its menu is closed, and the key opens the menu where a click was lost.
        await (byKeyboard
          ? this.#page.keyboard.press("Shift+F10")
          : this.#row(label).click({ button: "right" }));
        byKeyboard = !byKeyboard;
        try {
          await entry.hover({ timeout: 5_000 });
          await act();
          return true;
        } catch (error) {
          const shown = await this.#page.locator(".monaco-menu .action-label[aria-label]").allInnerTexts();
          attempts.push(`${shown.join(", ")}: ${error instanceof Error ? error.message : error}`);
          await this.#page.keyboard.press("Escape");
          return false;
        }
      },
      () => `no such menu of ${label}; what was shown:\n${attempts.join("\n")}`,
    );
  }

  /** Text of the hover over the row. Redrawing a row closes its hover: the pointer then leaves and returns. */
  async hoverText(label: string): Promise<string> {
    const name = this.#row(label).locator(".label-name");
    const any = this.#page.locator(".workbench-hover-container .monaco-hover");
    // VS Code shows a placeholder until the extension has answered.
    const hover = any.filter({ hasNotText: /^\s*Loading\.\.\.\s*$/ }).first();
    // Closes any other hover first, which could be mistaken for this row's.
    await this.#page.mouse.move(900, 300);
    await any.first().waitFor({ state: "hidden" });
    return await waitUntil(
      async () => {
        await this.#page.mouse.move(900, 300);
        await name.hover({ position: { x: 2, y: 5 } });
        await hover.waitFor({ timeout: 5_000 }).catch(() => undefined);
        return (
          (await hover.isVisible()) && (await hover.innerText({ timeout: 1_000 }).catch(() => undefined))
        );
      },
      () => `no hover over ${label}`,
    );
  }

  /** Presses a button in the view's title bar. */
  async titleAction(action: string): Promise<void> {
    await this.#pane.locator(".pane-header").hover();
    await this.#pane.locator(`.pane-header .action-label[aria-label^=${JSON.stringify(action)}]`).click();
  }

  #row(label: string): Locator {
    return this.#pane
      .locator(".monaco-list-row")
      .filter({ has: this.#page.locator(".label-name").filter({ hasText: exactText(label) }) })
      .first();
  }
}

/** The properties of the page's elements that are used. */
interface PageElement {
  readonly innerText: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): PageElement | null;
  getBoundingClientRect(): { readonly right: number };
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text === wanted : wanted.test(text);
}
