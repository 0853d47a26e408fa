import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { launchWorkbench, type Workbench } from "../vscode/harness/workbench.ts";
import { TerminalProbe, wordSequence } from "./terminalProbe.ts";

/** The extension's terminal, VS Code's own, and VS Code's own with `ssh` in it. */
export type TerminalKind = "ours" | "local" | "ssh";

/** The same shell everywhere: sends `prompt` with each prompt, and `mark WORD` sends another word. */
const profile = `PS1='\\[\\e]${wordSequence};prompt\\a\\]bench$ '
mark() { printf '\\e]${wordSequence};%s\\a' "$1"; }
cd
`;

/** Only the terminals: VS Code adds nothing to the output of local shells, and predicts no echo. */
const settings = {
  "terminal.integrated.shellIntegration.enabled": false,
  "terminal.integrated.localEchoEnabled": "off",
  "terminal.integrated.tabs.hideCondition": "never",
};

/** A tenth of the usual speed. Milliseconds. */
const longestRun = 300_000;

/** A real workbench with terminals of all kinds, to one lab host over loopback. */
export class TerminalWindow {
  readonly workbench: Workbench;
  readonly probe: TerminalProbe;
  /** For files that the shells of all kinds read. */
  readonly folder: string;
  readonly #host: SshdHost;
  readonly #sshCommand: string;
  /** In the order of the list of terminals. */
  readonly #names: string[] = [];

  private constructor(parts: {
    readonly workbench: Workbench;
    readonly probe: TerminalProbe;
    readonly folder: string;
    readonly host: SshdHost;
    readonly sshCommand: string;
  }) {
    this.workbench = parts.workbench;
    this.probe = parts.probe;
    this.folder = parts.folder;
    this.#host = parts.host;
    this.#sshCommand = parts.sshCommand;
  }

  /** @param extensionPath another build of the extension. */
  static async open(extensionPath?: string): Promise<TerminalWindow> {
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-bench-"));
    const host = await startSshd();
    try {
      const home = join(folder, "home");
      await mkdir(home);
      await writeFile(join(home, ".bashrc"), profile);
      await writeFile(join(host.home, ".bash_profile"), profile);
      const configFile = await host.writeSshConfig(folder, ["lab"]);
      const control = ["ControlMaster=auto", `ControlPath=${join(folder, "control")}`];
      const workbench = await launchWorkbench({
        home,
        env: { SHELL: "/bin/bash" },
        settings: { ...settings, "sshSessions.configFile": configFile },
        ...(extensionPath === undefined ? {} : { extensionPath }),
      });
      await workbench.openSideBar("SSH Sessions");
      return new TerminalWindow({
        workbench,
        probe: await TerminalProbe.install(workbench.page),
        folder,
        host,
        sshCommand: `ssh -F ${configFile} ${control.map((option) => `-o ${option}`).join(" ")} lab`,
      });
    } catch (error) {
      await host.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Opens a terminal and waits for its prompt. */
  async openTerminal(kind: TerminalKind, name: string): Promise<void> {
    const { workbench, probe } = this;
    if (kind === "ours") {
      await workbench.tree("Hosts").click("lab");
    } else {
      await workbench.runCommand("Terminal: Create New Terminal");
    }
    this.#names.push(name);
    await until(async () => {
      await this.#row(name).click();
      return await probe.watch(name);
    }, `the terminal ${name}`);
    await workbench.terminals.waitForText("bench$");
    if (kind === "ssh") {
      await probe.word(name, "prompt", await probe.input(name, `${this.#sshCommand}\r`));
    }
  }

  /** Activates a terminal, with the keyboard's focus. */
  async show(name: string): Promise<void> {
    await this.#row(name).click();
    await this.probe.focus(name);
  }

  /**
   * Milliseconds until the command's large output has been parsed to its end; undefined if the terminal stopped in
   * between: VS Code's own does so now and then, and does not continue. Replace it then.
   */
  async run(name: string, command: string): Promise<number | undefined> {
    const begun = await this.probe.input(name, `${command}; mark done\r`);
    const over = new AbortController();
    const finish = async (): Promise<number> => {
      const done = await this.probe.word(name, "done", begun);
      await this.probe.word(name, "prompt", begun);
      return done - begun;
    };
    const stopped = delay(longestRun, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      return await Promise.race([finish(), stopped]);
    } finally {
      over.abort();
    }
  }

  /** Replaces the terminal by another one of its kind. */
  async replace(kind: TerminalKind, name: string): Promise<void> {
    await this.show(name);
    await this.workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    this.#names.splice(this.#names.indexOf(name), 1);
    await this.probe.forget(name);
    await this.openTerminal(kind, name);
  }

  /** Collects the page's garbage, so that the next measurement starts alike for all. */
  async collectGarbage(): Promise<void> {
    const session = await this.workbench.page.context().newCDPSession(this.workbench.page);
    await session.send("HeapProfiler.collectGarbage");
    await session.detach();
  }

  async close(): Promise<void> {
    await this.workbench.close();
    await this.#host.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #row(name: string): Locator {
    const rows = this.workbench.page.locator("#terminal .tabs-list .monaco-list-row");
    return rows.nth(this.#names.indexOf(name));
  }
}
