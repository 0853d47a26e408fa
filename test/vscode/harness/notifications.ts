import type { Locator, Page } from "playwright-core";
import { exactText } from "./exactText.ts";

/** Messages in the corner (toasts). */
export class Notifications {
  readonly #page: Page;
  readonly #toasts: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#toasts = page.locator(".notifications-toasts .notification-list-item");
  }

  /** Waits for a message that contains `text`, and returns all of it. */
  async waitFor(text: string): Promise<string> {
    const toast = this.#withText(text);
    await toast.waitFor();
    return await toast.locator(".notification-list-item-message").innerText();
  }

  async texts(): Promise<string[]> {
    return await this.#toasts.locator(".notification-list-item-message").allInnerTexts();
  }

  /** Presses a button of the message that contains `text`. */
  async press(text: string, button: string): Promise<void> {
    const toast = this.#withText(text);
    await toast
      .locator(".monaco-button")
      .filter({ hasText: exactText(button) })
      .click();
  }

  /** Closes all messages, so that they are not in a picture. */
  async clear(): Promise<void> {
    for (const toast of await this.#toasts.all()) {
      await toast.hover();
      await toast.locator(".codicon-notifications-clear").click();
    }
    await this.#page.locator(".notifications-toasts.visible").waitFor({ state: "hidden" });
  }

  #withText(text: string): Locator {
    return this.#toasts.filter({ hasText: text }).first();
  }
}
