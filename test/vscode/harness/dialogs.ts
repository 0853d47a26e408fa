import type { Locator, Page } from "playwright-core";
import { exactText } from "./exactText.ts";

/** Modal dialogs, which the workbench draws itself. */
export class Dialogs {
  readonly #box: Locator;

  constructor(page: Page) {
    this.#box = page.locator(".monaco-dialog-box");
  }

  /** Waits for a dialog and returns its whole text: message and detail. */
  async text(): Promise<string> {
    await this.#box.waitFor();
    return await this.#box.locator(".dialog-message-container").innerText();
  }

  async buttons(): Promise<string[]> {
    await this.#box.waitFor();
    return await this.#box.locator(".dialog-buttons .monaco-button").allInnerTexts();
  }

  /** Presses the button with exactly this label and waits until this dialog is closed; another may follow it. */
  async press(label: string): Promise<void> {
    await this.#box.waitFor();
    const pressed = await this.#box.elementHandle();
    await this.#box
      .locator(".dialog-buttons .monaco-button")
      .filter({ hasText: exactText(label) })
      .click();
    await pressed?.waitForElementState("hidden");
  }

  /** The label of the button that Enter presses. */
  async focusedButton(): Promise<string> {
    await this.#box.waitFor();
    return await this.#box.locator(".dialog-buttons .monaco-button:focus").innerText();
  }

  async isOpen(): Promise<boolean> {
    return await this.#box.isVisible();
  }
}
