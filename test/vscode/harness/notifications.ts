import type { Locator, Page } from "playwright-core";
import { exactText } from "./exactText.ts";
import { waitUntil } from "./waitUntil.ts";

/**
 * Messages, read in the notification center: under its smoke test driver VS Code shows no toasts (`addToast` in
 * notificationsToasts.ts), so the center is opened where a user would see toasts.
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

  /** Waits for a message that contains `text`, and returns its whole text. */
  async waitFor(text: string): Promise<string> {
    const item = await this.#withText(text);
    return await item.locator(".notification-list-item-message").innerText();
  }

  /** All messages that are still open. */
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

  /** Follows a link of the message that contains `text`. */
  async follow(text: string, link: string): Promise<void> {
    const item = await this.#withText(text);
    await item
      .locator("a")
      .filter({ hasText: exactText(link) })
      .click();
  }

  /** Closes all messages, so that they are not in a screenshot. */
  async clear(): Promise<void> {
    await this.#open();
    if (await this.#center.isVisible()) {
      await this.#center.locator(".codicon-notifications-clear-all").click();
      await this.#center.waitFor({ state: "hidden" });
    }
  }

  /** Without messages there is nothing to open. */
  async #open(): Promise<void> {
    const hasNew = this.#page.locator("#status\\.notifications .codicon-bell-dot");
    if ((await this.#center.isVisible()) || !(await hasNew.isVisible())) {
      return;
    }
    await this.#page.locator("#status\\.notifications a").click();
    // Moves the pointer off the bell, whose hover would cover the messages' buttons. VS Code closes the center with its
    // last message, and a message may end by itself: then there is nothing to point at, and the caller opens it again.
    while ((await this.#center.isVisible()) && !(await this.#isPointedAt())) {}
  }

  async #isPointedAt(): Promise<boolean> {
    return await this.#center.hover({ position: { x: 10, y: 10 }, timeout: 1_000 }).then(
      () => true,
      () => false,
    );
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
