import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { ensureChromium } from "../../setup/chromium.ts";
import { repositoryRoot } from "../../setup/repository.ts";
import { Dialogs } from "./dialogs.ts";
import { exactText } from "./exactText.ts";
import { type HostedOptions, type HostedWorkbench, hostWorkbench } from "./hostedWorkbench.ts";
import { Notifications } from "./notifications.ts";
import { QuickInput } from "./quickInput.ts";
import { Terminals } from "./terminals.ts";
import { TreeView } from "./treeView.ts";
import type { VscodeServer } from "./vscodeServer.ts";
import { patience, waitUntil } from "./waitUntil.ts";

export interface WorkbenchOptions extends HostedOptions {
  /** Where `screenshot()` writes; default: test-results/screenshots. */
  readonly screenshotFolder?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Called with each output line of the extension host's tests. */
  readonly onTestOutput?: (text: string) => void;
}

/** A real VS Code workbench in a browser page, with the extension loaded from source. Made by `launchWorkbench`. */
export class Workbench {
  readonly page: Page;
  readonly server: VscodeServer;
  readonly workspaceFolder: string;
  readonly home: string;
  readonly quickInput: QuickInput;
  readonly dialogs: Dialogs;
  readonly notifications: Notifications;
  readonly terminals: Terminals;
  /** The exit code of `testsPath`; never settles without one. */
  readonly testsExit: Promise<number>;
  readonly #console: readonly string[];
  readonly #screenshotFolder: string;
  readonly #end: () => Promise<void>;
  readonly #open: (workspaceFolder: string | undefined) => Promise<Workbench>;
  #ended: Promise<void> | undefined;

  constructor(parts: WorkbenchParts) {
    this.page = parts.page;
    this.server = parts.hosted.server;
    this.workspaceFolder = parts.hosted.workspaceFolder;
    this.home = parts.hosted.home;
    this.testsExit = parts.testsExit;
    this.#console = parts.console;
    this.#screenshotFolder = parts.screenshotFolder;
    this.#end = parts.end;
    this.#open = parts.open;
    this.quickInput = new QuickInput(parts.page);
    this.dialogs = new Dialogs(parts.page);
    this.notifications = new Notifications(parts.page);
    this.terminals = new Terminals(parts.page);
  }

  /** The console of the page, including messages of the extension host. */
  consoleText(): string {
    return this.#console.join("\n");
  }

  /** Runs a command by its full title in the palette, such as `SSH Sessions: Connect`. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.quickInput.waitFor("Type the name of a command to run.");
    await this.quickInput.fill(`>${title}`);
    await this.quickInput.pick(title);
  }

  /** A tree by its view's title. The side bar must show it: see `openSideBar`. */
  tree(title: string): TreeView {
    return new TreeView(this.page, title);
  }

  /** Shows a view container by its title in the activity bar. */
  async openSideBar(title: string): Promise<void> {
    const item = this.page.locator(
      `.activitybar .action-item:has(.action-label[aria-label^=${JSON.stringify(title)}])`,
    );
    await item.waitFor();
    if (!(await item.getAttribute("class"))?.split(" ").includes("checked")) {
      await item.click();
    }
    await this.page
      .locator(".sidebar .composite.title h2")
      .filter({ hasText: exactText(title) })
      .waitFor();
  }

  /** The status bar item whose text contains `text`. */
  statusBarItem(text: string): Locator {
    return this.page.locator(".statusbar-item").filter({ hasText: text });
  }

  /**
   * Chooses a profile in the terminal panel's drop-down, such as `SSH…`. VS Code lists contributed profiles only
   * after it has opened a terminal.
   */
  async openTerminalProfile(name: string): Promise<void> {
    await this.runCommand("Create New Terminal (With Profile)");
    await this.quickInput.waitFor("Select the terminal profile to create");
    // A machine with many shells has more profiles than the box has rows.
    await this.quickInput.fill(name);
    await waitUntil(
      async () => (await this.quickInput.rows()).includes(name),
      async () => `no profile "${name}", but: ${await this.quickInput.describe()}`,
    );
    await this.quickInput.pick(name);
  }

  /** Gives the side bar a width, in pixels, by its border. */
  async sizeSideBar(width: number): Promise<void> {
    const sideBar = this.page.locator(".part.sidebar");
    const before = await boxOf(sideBar);
    const y = before.y + before.height / 2;
    await this.page.mouse.move(before.x + before.width, y);
    await this.page.mouse.down();
    await this.page.mouse.move(before.x + width, y);
    await this.page.mouse.up();
    await waitUntil(
      async () => (await boxOf(sideBar)).width === width,
      async () => `the side bar has ${(await boxOf(sideBar)).width} instead of ${width} pixels`,
    );
    // Off the rows, whose hovers would cover others.
    await this.page.mouse.move(before.x + width + 100, 5);
  }

  /** Writes `<name>.png` and returns its path. @param cut the width of the window's left part that is shown. */
  async screenshot(name: string, cut?: { readonly width: number }): Promise<string> {
    await mkdir(this.#screenshotFolder, { recursive: true });
    const path = join(this.#screenshotFolder, `${name}.png`);
    const height = this.page.viewportSize()?.height ?? 0;
    await this.page.screenshot({ path, ...(cut !== undefined && { clip: { x: 0, y: 0, ...cut, height } }) });
    return path;
  }

  /** Reloads the page, as `Developer: Reload Window` does. Resolves when the workbench is drawn again. */
  async reload(): Promise<void> {
    await this.page.reload();
    await whenRestored(this.page);
  }

  /**
   * Another window of the same user, with an extension host of its own. `close` closes only its page.
   * @param workspaceFolder default: that of this window
   */
  async newWindow(workspaceFolder?: string): Promise<Workbench> {
    return await this.#open(workspaceFolder);
  }

  /** Stops the browser and the server, and removes their folders. Idempotent. */
  async close(): Promise<void> {
    this.#ended ??= this.#end();
    await this.#ended;
  }
}

async function boxOf(
  element: Locator,
): Promise<{ readonly x: number; readonly y: number; readonly width: number; readonly height: number }> {
  const box = await element.boundingBox();
  if (box === null) {
    throw new Error("The element is not drawn.");
  }
  return box;
}

interface WorkbenchParts {
  readonly page: Page;
  readonly hosted: HostedWorkbench;
  readonly testsExit: Promise<number>;
  readonly console: readonly string[];
  readonly screenshotFolder: string;
  readonly end: () => Promise<void>;
  readonly open: (workspaceFolder: string | undefined) => Promise<Workbench>;
}

/** Starts server and browser; resolves when the workbench is drawn and its contributions are registered. */
export async function launchWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const executablePath = await ensureChromium();
  const hosted = await hostWorkbench(options);
  let browser: Browser | undefined;
  const end = async (): Promise<void> => {
    await browser?.close();
    await hosted.close();
  };
  try {
    browser = await launchBrowser(executablePath);
    const context = await browser.newContext({ viewport: options.viewport ?? { width: 1400, height: 900 } });
    const page = await context.newPage();
    return await openWindow(page, hosted, options, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function openWindow(
  page: Page,
  hosted: HostedWorkbench,
  options: WorkbenchOptions,
  end: () => Promise<void>,
): Promise<Workbench> {
  page.setDefaultTimeout(patience);
  const messages: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  let testsEnded: (code: number) => void = () => undefined;
  const testsExit = new Promise<number>((resolve) => {
    testsEnded = resolve;
  });
  await page.exposeFunction("codeAutomationExit", (code: number) => testsEnded(code));
  await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
    options.onTestOutput?.(args.map(String).join(" "));
  });
  await page.goto(hosted.url);
  if (options.testsPath === undefined) {
    await whenRestored(page);
  }
  const screenshotFolder = options.screenshotFolder ?? join(repositoryRoot, "test-results", "screenshots");
  const open = async (workspaceFolder: string | undefined): Promise<Workbench> => {
    const other = await page.context().newPage();
    const url = new URL(hosted.url);
    if (workspaceFolder !== undefined) {
      url.searchParams.set("folder", workspaceFolder);
    }
    return await openWindow(other, { ...hosted, url: url.href }, options, async () => await other.close());
  };
  return new Workbench({ page, hosted, testsExit, console: messages, screenshotFolder, end, open });
}

async function whenRestored(page: Page): Promise<void> {
  await page.waitForFunction("window.driver !== undefined");
  await page.evaluate("window.driver.whenWorkbenchRestored()");
}

async function launchBrowser(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Nothing here may depend on, or contact, anything but our own server.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}
