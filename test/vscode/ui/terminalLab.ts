import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";

export interface TerminalLabOptions {
  /** Names of the host; default: `lab`. */
  readonly aliases?: readonly string[];
  /** In addition to the lab's own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Set for the window. */
  readonly windowEnv?: Readonly<Record<string, string>>;
  /** Set in every session on the host. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One host, and a window with terminals to it: ours, and `ssh` in VS Code's own terminals. */
export interface TerminalLab {
  readonly host: SshdHost;
  readonly workbench: Workbench;
  /** For files on the host. */
  readonly folder: string;
  /** Opens one and activates it: `index` in the list of terminals, from 0; `alias` by default `lab`. */
  open(kind: "ours" | "ssh", index: number, alias?: string): Promise<void>;
  show(index: number): Promise<void>;
  /**
   * The visible lines of the active terminal, after a line with its size. Without the scrollback: xterm.js keeps
   * lines above the alternate screen in a terminal that was once higher than now.
   */
  screen(): Promise<string>;
  /**
   * Starts to count the line feeds that reach the active terminal, wherever it is moved; the result returns the
   * count.
   */
  countLines(): Promise<() => Promise<number>>;
  /** The center of a cell of the active terminal on the page, in CSS pixels. Counted from 0. */
  cell(column: number, row: number): Promise<{ readonly x: number; readonly y: number }>;
  /** Many sizes of the window in quick succession, and finally the initial one. */
  resizeStorm(): Promise<void>;
  close(): Promise<void>;
}

const readScreen = `(() => {
  const emulator = document.querySelector("#terminal .terminal-wrapper.active").xterm;
  const { active } = emulator.buffer;
  const lines = Array.from(
    { length: emulator.rows },
    (_, row) => active.getLine(active.baseY + row).translateToString(true),
  );
  return [emulator.cols + " x " + emulator.rows, ...lines].join("\\n");
})()`;

const readCell = (column: number, row: number): string => `(() => {
  const { xterm } = document.querySelector("#terminal .terminal-wrapper.active");
  const { left, top, width, height } = xterm.element.querySelector(".xterm-screen").getBoundingClientRect();
  return {
    x: left + ((${column} + 0.5) * width) / xterm.cols,
    y: top + ((${row} + 0.5) * height) / xterm.rows,
  };
})()`;

const countLines = `(() => {
  const { xterm } = document.querySelector("#terminal .terminal-wrapper.active");
  window.lineFeeds = 0;
  window.lineFeedListener?.dispose();
  window.lineFeedListener = xterm.onLineFeed(() => { window.lineFeeds++; });
})()`;

const stormSizes = 50;

const profile = "export LANG=C.UTF-8\nPS1='lab> '\ncd\n";

export async function openTerminalLab(options: TerminalLabOptions = {}): Promise<TerminalLab> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
  const host = await startSshd({ env: options.env ?? {} });
  const home = join(folder, "home");
  await mkdir(home);
  await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
  for (const file of [".bash_profile", ".bashrc"]) {
    await writeFile(join(host.home, file), profile);
  }
  const configFile = await host.writeSshConfig(folder, options.aliases ?? ["lab"]);
  const workbench = await launchWorkbench({
    home,
    env: { SHELL: "/bin/bash", ...options.windowEnv },
    settings: {
      "sshSessions.configFile": configFile,
      "terminal.integrated.shellIntegration.enabled": false,
      "terminal.integrated.localEchoEnabled": "off",
      "terminal.integrated.tabs.hideCondition": "never",
      ...options.settings,
    },
  });
  await workbench.openSideBar("SSH Sessions");
  const { terminals } = workbench;
  return {
    host,
    workbench,
    folder,
    show: async (index) => await terminals.selectAt(index),
    screen: async () => await workbench.page.evaluate(readScreen),
    countLines: async () => {
      await workbench.page.evaluate(countLines);
      return async () => await workbench.page.evaluate<number>("window.lineFeeds");
    },
    cell: async (column, row) => await workbench.page.evaluate(readCell(column, row)),
    resizeStorm: async () => {
      const { page } = workbench;
      const before = page.viewportSize() ?? { width: 1400, height: 900 };
      for (let step = 0; step < stormSizes; step++) {
        await page.setViewportSize({ width: 900 + ((step * 137) % 500), height: 600 + ((step * 71) % 300) });
      }
      await page.setViewportSize(before);
    },
    open: async (kind, index, alias = "lab") => {
      if (kind === "ours") {
        const hosts = workbench.tree("Hosts");
        // A second click on the row within half a second would be one of a double click, and open nothing.
        await (index === 0 ? hosts.click(alias) : hosts.inlineAction(alias, "Open Terminal"));
      } else {
        await workbench.runCommand("Terminal: Create New Terminal");
      }
      await terminals.selectAt(index);
      if (kind === "ssh") {
        await terminals.waitForText("local>");
        await terminals.input(`ssh -F ${configFile} ${alias}\r`);
      }
      await terminals.waitForText("lab>");
    },
    close: async () => {
      await workbench.close();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
