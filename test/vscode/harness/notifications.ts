import type { Locator, Page } from "playwright-core";
import { exactText } from "./exactText.ts";
import { waitUntil } from "./waitUntil.ts";

/**
 * Messages, read in the notification center: under its smoke test driver VS Code shows no toasts (`addToast` in
 * notificationsToasts.ts), so the center is opened where a person would see them come up by themselves.
 */
export class Notifications {
  readonly #page: Page;
  readonly #center: Locator;
  readonly #items: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#center = page.locator(".notifications-center");
    this.#items = this.#center.locator(".notification-list-item");
  }

  /** Waits for a message that contains `text`, and returns all of it. */
  async waitFor(text: string): Promise<string> {
    const item = await this.#withText(text);
    return await item.locator(".notification-list-item-message").innerText();
  }

  /** All messages that nobody has closed. */
  async texts(): Promise<string[]> {
    await this.#open();
    return await this.#items.locator(".notification-list-item-message").allInnerTexts();
  }

  /** Presses a button of the message that contains `text`. */
  async press(text: string, button: string): Promise<void> {
    const item = await this.#withText(text);
    await item
      .locator(".monaco-button")
      .filter({ hasText: exactText(button) })
      .click();
  }

  /** Closes all messages, so that they are not in a picture. */
  async clear(): Promise<void> {
    await this.#open();
    if (await this.#center.isVisible()) {
      await this.#center.locator(".codicon-notifications-clear-all").click();
      await this.#center.waitFor({ state: "hidden" });
    }
  }

  /** Without messages there is nothing to open, and nothing opens. */
  async #open(): Promise<void> {
    const hasNew = this.#page.locator("#status\\.notifications .codicon-bell-dot");
    if (!(await this.#center.isVisible()) && (await hasNew.isVisible())) {
      await this.#page.locator("#status\\.notifications a").click();
      await this.#center.waitFor();
      // Off the bell: its hover would cover the messages' buttons.
      await this.#center.hover({ position: { x: 10, y: 10 } });
    }
  }

  async #withText(text: string): Promise<Locator> {
    const item = this.#items.filter({ hasText: text }).first();
    await waitUntil(
      async () => {
        await this.#open();
        return await item.isVisible();
      },
      async () => `no message with "${text}", but: ${JSON.stringify(await this.texts())}`,
    );
    return item;
  }
}
