import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { ensureChromium } from "../../setup/chromium.ts";
import { repositoryRoot } from "../../setup/repository.ts";
import { Dialogs } from "./dialogs.ts";
import { exactText } from "./exactText.ts";
import { Notifications } from "./notifications.ts";
import { QuickInput } from "./quickInput.ts";
import { Terminals } from "./terminals.ts";
import { TreeView } from "./treeView.ts";
import { startVscodeServer, type VscodeServer } from "./vscodeServer.ts";
import { patience, waitUntil } from "./waitUntil.ts";

export interface WorkbenchOptions {
  /** Opened as the workspace; default: a fresh empty folder. */
  readonly workspaceFolder?: string;
  /** The extension under development; default: this repository, which must have been built. */
  readonly extensionPath?: string;
  /** CommonJS file that exports `run()`: executed in the extension host, then the window ends (see `testsExit`). */
  readonly testsPath?: string;
  /** User settings, on top of the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the server, and so of the extension host and of local terminals. */
  readonly env?: Readonly<Record<string, string>>;
  /** `HOME` of the server; default: a fresh empty folder. */
  readonly home?: string;
  /** Where `screenshot()` writes; default: test-results/screenshots. */
  readonly screenshotFolder?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Called with each line that the extension host's tests print. */
  readonly onTestOutput?: (text: string) => void;
}

/** Nothing that moves, asks, offers help or fetches: what is left is the extension and what it stands on. */
const quietSettings: Readonly<Record<string, unknown>> = {
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.reduceMotion": "on",
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "terminal.integrated.initialHint": false,
  "terminal.integrated.cursorBlinking": false,
  "terminal.integrated.suggest.enabled": false,
  "update.showReleaseNotes": false,
  "window.restoreWindows": "none",
};

/** A real VS Code workbench in a browser page, with the extension loaded from source. Made by `launchWorkbench`. */
export class Workbench {
  readonly page: Page;
  readonly server: VscodeServer;
  readonly workspaceFolder: string;
  readonly home: string;
  /** Address of the workbench with the extension in it, for a browser of one's own. */
  readonly url: string;
  readonly quickInput: QuickInput;
  readonly dialogs: Dialogs;
  readonly notifications: Notifications;
  readonly terminals: Terminals;
  /** The exit code of `testsPath`; never settles without one. */
  readonly testsExit: Promise<number>;
  readonly #console: readonly string[];
  readonly #screenshotFolder: string;
  readonly #end: () => Promise<void>;
  #ended: Promise<void> | undefined;

  constructor(parts: WorkbenchParts) {
    this.page = parts.page;
    this.server = parts.server;
    this.workspaceFolder = parts.workspaceFolder;
    this.home = parts.home;
    this.url = parts.url;
    this.testsExit = parts.testsExit;
    this.#console = parts.console;
    this.#screenshotFolder = parts.screenshotFolder;
    this.#end = parts.end;
    this.quickInput = new QuickInput(parts.page);
    this.dialogs = new Dialogs(parts.page);
    this.notifications = new Notifications(parts.page);
    this.terminals = new Terminals(parts.page);
  }

  /** Console of the page, extension host messages among it. */
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

  /** Chooses a profile in the terminal panel's drop-down, such as `SSH…`. */
  async openTerminalProfile(name: string): Promise<void> {
    await this.runCommand("Terminal: Create New Terminal (With Profile)");
    await waitUntil(
      async () => (await this.quickInput.rows()).includes(name),
      async () => `no profile "${name}", but: ${await this.quickInput.describe()}`,
    );
    await this.quickInput.pick(name);
  }

  /** Writes `<name>.png` and returns its path. */
  async screenshot(name: string): Promise<string> {
    await mkdir(this.#screenshotFolder, { recursive: true });
    const path = join(this.#screenshotFolder, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Ends the browser and the server, and removes their folders. Can be called twice. */
  async close(): Promise<void> {
    this.#ended ??= this.#end();
    await this.#ended;
  }
}

interface WorkbenchParts {
  readonly page: Page;
  readonly server: VscodeServer;
  readonly workspaceFolder: string;
  readonly home: string;
  readonly url: string;
  readonly testsExit: Promise<number>;
  readonly console: readonly string[];
  readonly screenshotFolder: string;
  readonly end: () => Promise<void>;
}

/** Starts server and browser; resolves when the workbench is drawn and its contributions are there. */
export async function launchWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const executablePath = await ensureChromium();
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-vscode-"));
  const ends: (() => Promise<unknown>)[] = [
    async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  ];
  const end = async (): Promise<void> => {
    for (const step of ends.splice(0).reverse()) {
      await step();
    }
  };
  try {
    const home = options.home ?? join(folder, "home");
    const workspaceFolder = options.workspaceFolder ?? join(folder, "workspace");
    await mkdir(home, { recursive: true, mode: 0o700 });
    await mkdir(workspaceFolder, { recursive: true });
    const server = await startVscodeServer({
      folder,
      home,
      settings: { ...quietSettings, ...options.settings },
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    ends.push(async () => await server.close());
    const browser = await launchBrowser(executablePath);
    ends.push(async () => await browser.close());
    const page = await browser.newPage({ viewport: options.viewport ?? { width: 1400, height: 900 } });
    page.setDefaultTimeout(patience);
    const messages: string[] = [];
    page.on("console", (message) => messages.push(message.text()));
    const testsExit = new Promise<number>((resolve) => {
      void page.exposeFunction("codeAutomationExit", (code: number) => resolve(code));
    });
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
      options.onTestOutput?.(args.map(String).join(" "));
    });
    const url = workbenchUrl(server.authority, workspaceFolder, options);
    await page.goto(url);
    if (options.testsPath === undefined) {
      await page.waitForFunction("window.driver !== undefined");
      await page.evaluate("window.driver.whenWorkbenchRestored()");
    }
    return new Workbench({
      page,
      server,
      workspaceFolder,
      home,
      url,
      testsExit,
      console: messages,
      screenshotFolder: options.screenshotFolder ?? join(repositoryRoot, "test-results", "screenshots"),
      end,
    });
  } catch (error) {
    await end();
    throw error;
  }
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
      // Nothing here may depend on, or talk to, anything but our own server.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/** The payload is what the desktop takes as command line arguments; the server honours it for smoke tests. */
function workbenchUrl(authority: string, workspaceFolder: string, options: WorkbenchOptions): string {
  const remote = (path: string): string => `vscode-remote://${authority}${path}`;
  const payload: [string, string][] = [
    ["extensionDevelopmentPath", remote((options.extensionPath ?? repositoryRoot).replace(/\/$/, ""))],
    ["enableProposedApi", ""],
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  if (options.testsPath !== undefined) {
    payload.push(["extensionTestsPath", remote(options.testsPath)]);
  }
  const query = new URLSearchParams({ folder: workspaceFolder, payload: JSON.stringify(payload) });
  return `http://${authority}/?${query}`;
}
