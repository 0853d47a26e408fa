import type { Locator, Page } from "playwright-core";
import { exactText, withoutIcons } from "./exactText.ts";
import { waitUntil } from "./waitUntil.ts";

/** The box at the top of the window: command palette, quick picks and input boxes. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator(".quick-input-widget");
  }

  /** Resolves when a box is open whose title, placeholder, prompt or rows contain `text`. */
  async waitFor(text: string): Promise<void> {
    await waitUntil(
      async () => (await this.describe()).includes(text),
      async () => `no quick input with "${text}", but: ${await this.describe()}`,
    );
  }

  /** The text of the open box: title, placeholder, prompt and rows. Empty if there is none. */
  async describe(): Promise<string> {
    if (!(await this.#widget.isVisible())) {
      return "";
    }
    const placeholder = await this.#input().getAttribute("placeholder");
    return [placeholder ?? "", await this.#widget.innerText()].join("\n");
  }

  /** Labels of the visible rows, without their second lines. */
  async rows(): Promise<string[]> {
    const labels = this.#widget.locator(".monaco-list-row .quick-input-list-row:first-child .label-name");
    return (await labels.allInnerTexts()).map(withoutIcons);
  }

  /** The label of the row that Enter would choose; undefined: none. */
  async selectedRow(): Promise<string | undefined> {
    const labels = this.#widget.locator(
      ".monaco-list-row.focused .quick-input-list-row:first-child .label-name",
    );
    return (await labels.allInnerTexts()).map(withoutIcons)[0];
  }

  /** Replaces the text in the box. */
  async fill(text: string): Promise<void> {
    await this.#input().fill(text);
  }

  async accept(): Promise<void> {
    await this.#input().press("Enter");
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press("Escape");
    await this.#widget.waitFor({ state: "hidden" });
  }

  /** Chooses the row whose label is exactly `label`. */
  async pick(label: string): Promise<void> {
    await this.#widget
      .locator(".monaco-list-row")
      .filter({
        has: this.#page.locator(".quick-input-list-label .label-name").filter({ hasText: exactText(label) }),
      })
      .first()
      .click();
  }

  #input(): Locator {
    return this.#widget.locator("input.input").first();
  }
}
