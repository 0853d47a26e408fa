import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";

/** One host, and a window with terminals to it: ours, and `ssh` in terminals of VS Code's own. */
export interface TerminalLab {
  readonly host: SshdHost;
  readonly workbench: Workbench;
  /** For files on the host. */
  readonly folder: string;
  /** Opens one and brings it to the front: `index` in the list of terminals, from 0. */
  open(kind: "ours" | "ssh", index: number): Promise<void>;
  show(index: number): Promise<void>;
  /**
   * What can be seen of the terminal in front, all its lines, after a line that tells its size. Not what lies above:
   * xterm.js keeps lines above the alternate screen in a terminal that was once higher than now.
   */
  screen(): Promise<string>;
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

const profile = "export LANG=C.UTF-8\nPS1='lab> '\ncd\n";

export async function openTerminalLab(): Promise<TerminalLab> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
  const host = await startSshd();
  const home = join(folder, "home");
  await mkdir(home);
  await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
  await writeFile(join(host.home, ".bash_profile"), profile);
  const configFile = await host.writeSshConfig(folder, ["lab"]);
  const workbench = await launchWorkbench({
    home,
    env: { SHELL: "/bin/bash" },
    settings: {
      "sshSessions.configFile": configFile,
      "terminal.integrated.shellIntegration.enabled": false,
      "terminal.integrated.localEchoEnabled": "off",
      "terminal.integrated.tabs.hideCondition": "never",
    },
  });
  await workbench.openSideBar("SSH Sessions");
  const { terminals } = workbench;
  const row = (index: number) => workbench.page.locator("#terminal .tabs-list .monaco-list-row").nth(index);
  const show = async (index: number): Promise<void> => {
    await row(index).click();
    await waitUntil(
      async () => (await row(index).getAttribute("class"))?.includes("selected"),
      () => `terminal ${index} is not in front`,
    );
  };
  return {
    host,
    workbench,
    folder,
    show,
    screen: async () => await workbench.page.evaluate(readScreen),
    open: async (kind, index) => {
      if (kind === "ours") {
        await workbench.tree("Hosts").click("lab");
      } else {
        await workbench.runCommand("Terminal: Create New Terminal");
      }
      await show(index);
      if (kind === "ssh") {
        await terminals.waitForText("local>");
        await terminals.input(`ssh -F ${configFile} lab\r`);
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
