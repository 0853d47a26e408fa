import type { Locator, Page } from "playwright-core";
import { waitUntil } from "./waitUntil.ts";

const activeTerminal = "#terminal .terminal-wrapper.active";

/** The active terminal in the panel, and the list of all. */
export class Terminals {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /**
   * The text of the active terminal with its scrollback, without empty lines at the end. Wrapped lines stay wrapped.
   */
  async text(): Promise<string> {
    if ((await this.#page.locator(activeTerminal).count()) === 0) {
      return "";
    }
    // The smoke test driver belongs to the workbench: it reads the emulator's buffer, not the drawn screen.
    const lines: string[] = await this.#page.evaluate(
      `window.driver.getTerminalBuffer(${JSON.stringify(activeTerminal)}).catch(() => [])`,
    );
    return lines.join("\n").trimEnd();
  }

  /** Waits until the active terminal's text matches, and returns it. */
  async waitForText(wanted: string | RegExp): Promise<string> {
    return await waitUntil(
      async () => {
        const text = await this.text();
        return (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) && text;
      },
      async () => `no ${wanted} in the terminal, but:\n${await this.text()}`,
    );
  }

  /** Types on the keyboard, as a user would; `\n` is Enter. Focuses the active terminal first. */
  async type(text: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.type(text);
  }

  /** Presses one key or chord in Playwright's notation, such as `Control+D`. */
  async press(key: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.press(key);
  }

  /** Sends text to the terminal at once, as a paste without brackets. */
  async input(text: string): Promise<void> {
    await this.#page.evaluate(
      `window.driver.writeInTerminal(${JSON.stringify(activeTerminal)}, ${JSON.stringify(text)})`,
    );
  }

  /** Puts text on the clipboard and pastes it by the keyboard, as a user would. */
  async paste(text: string): Promise<void> {
    await this.#page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await this.focus();
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await this.#page.keyboard.press(process.platform === "darwin" ? "Meta+V" : "Control+Shift+V");
  }

  async focus(): Promise<void> {
    const terminal = this.#page.locator(activeTerminal);
    await terminal.waitFor();
    await terminal.locator(".xterm-screen").click({ position: { x: 5, y: 5 } });
  }

  /** Names in the list of terminals; the single terminal's name if there is no list. */
  async names(): Promise<string[]> {
    const list = this.#page.locator("#terminal .tabs-list .monaco-list-row .label-name");
    const names = await list.allInnerTexts();
    if (names.length > 0) {
      return names.map((name) => name.trim());
    }
    const single = this.#page.locator(".single-terminal-tab");
    return (await single.count()) > 0 ? [(await single.first().innerText()).trim()] : [];
  }

  /**
   * Chooses from the menu of a tab in the list; the last item of `path` is the command, the ones before are its
   * submenus.
   */
  async contextMenu(name: string, path: readonly string[]): Promise<void> {
    const row = (await this.names()).findIndex((each) => withoutBranch(each) === name);
    await this.#tabs().nth(row).click({ button: "right" });
    await this.#chooseFromMenu(path);
  }

  /** The same for the menu of a terminal itself. @param pane its place in the group in front, from 0. */
  async paneMenu(pane: number, path: readonly string[]): Promise<void> {
    await this.#page
      .locator(`${activeTerminal} .xterm-screen`)
      .nth(pane)
      .click({ button: "right", position: { x: 40, y: 40 } });
    await this.#chooseFromMenu(path);
  }

  async #chooseFromMenu(path: readonly string[]): Promise<void> {
    for (const [depth, item] of path.entries()) {
      const entry = this.#page
        .locator(`.monaco-menu .action-label[aria-label=${JSON.stringify(item)}]`)
        .last();
      // The hover opens a submenu. A click would be ignored so soon after the menu has opened; a key is not.
      await entry.hover();
      if (depth === path.length - 1) {
        await this.#page.keyboard.press("Enter");
        await entry.waitFor({ state: "hidden" });
      }
    }
  }

  /** Activates the terminal with this name (from the list, which is shown for two or more). */
  async select(name: string, index = 0): Promise<void> {
    await this.#bringToFront(this.#tabs().filter({ hasText: name }).nth(index), name);
  }

  /** Activates the terminal at this place of the list, from 0. */
  async selectAt(index: number): Promise<void> {
    await this.#bringToFront(this.#tabs().nth(index), String(index));
  }

  #tabs(): Locator {
    return this.#page.locator("#terminal .tabs-list .monaco-list-row");
  }

  async #bringToFront(tab: Locator, name: string): Promise<void> {
    await tab.click();
    await waitUntil(
      async () => (await tab.getAttribute("class"))?.includes("selected"),
      () => `terminal ${name} is not in front`,
    );
  }
}

/** A line before the name connects the terminals of a split tab. */
export function withoutBranch(name: string): string {
  return name.replace(/^[┌├└]\s*/, "");
}
