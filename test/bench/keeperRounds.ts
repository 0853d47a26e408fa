import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendants, processTable } from "../lab/processTree.ts";
import { needProgram } from "../setup/needProgram.ts";
import { waitUntil } from "../vscode/harness/waitUntil.ts";
import { openTerminalLab, type TerminalLab } from "../vscode/ui/terminalLab.ts";

/** The terminals, in the order of their tabs. */
const tabs = ["shell", "output", "flood", "paste", "vim", "tmux"] as const;
type Tab = (typeof tabs)[number];

/** Bytes that are pasted in a round. */
const pasteLength = 20_000;

/** A keeper with six busy terminals in a real workbench, whose window reloads or whose extension host is killed. */
export class KeeperRounds implements AsyncDisposable {
  readonly lab: TerminalLab;
  readonly #folder: string;
  readonly #shells = new Map<Tab, string>();
  readonly #last = new Map<Tab, number>();
  #names: readonly string[] = [];
  #pasted = "";
  #round = 0;
  #checked = 0;

  private constructor(lab: TerminalLab, folder: string) {
    this.lab = lab;
    this.#folder = folder;
  }

  static async prepare(): Promise<KeeperRounds> {
    await Promise.all(["vim", "tmux"].map((program) => needProgram(program)));
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-r-"));
    const lab = await openTerminalLab({
      settings: {
        "sshSessions.keeper": true,
        "terminal.integrated.hideOnStartup": "whenEmpty",
        "terminal.integrated.scrollback": 20_000,
      },
      windowEnv: { XDG_RUNTIME_DIR: folder },
      // The host's own tmux, which ends with it.
      env: { TMUX_TMPDIR: folder },
    });
    const rounds = new KeeperRounds(lab, folder);
    try {
      await rounds.#start();
      return rounds;
    } catch (error) {
      await rounds.picture();
      await rounds[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the window as it is, to find out why a round failed. */
  async picture(): Promise<void> {
    await this.lab.workbench.screenshot("keeper-rounds").catch(() => {});
  }

  /** Lines of output whose place in the sequence was checked. */
  get checkedLines(): number {
    return this.#checked;
  }

  get pastedBytes(): number {
    return this.#pasted.length;
  }

  async reload(): Promise<void> {
    await this.#outlive(async () => await this.lab.workbench.reload());
  }

  /** As a crash: nothing is told to anyone. In a browser, the editor starts another one only with a reload. */
  async killHost(): Promise<void> {
    await this.#outlive(async () => {
      const [host] = extensionHosts();
      if (host === undefined) {
        throw new Error("there is no extension host");
      }
      process.kill(host, "SIGKILL");
      await waitUntil(
        () => extensionHosts().every((pid) => pid !== host),
        () => "the extension host lives on",
      );
      await this.lab.workbench.reload();
    });
  }

  /** All is as after an end by the user: no shell, no keeper, nothing of the host. */
  async end(): Promise<void> {
    const { workbench } = this.lab;
    const keepers = this.#keepers();
    await workbench.runCommand("SSH Sessions: Stop Keeper");
    await workbench.dialogs.press("Stop Keeper");
    await waitUntil(
      () => !processTable().some(({ pid }) => keepers.includes(pid)),
      () => "the keeper lives on",
    );
    await waitUntil(
      () => this.lab.host.connections().length === 0,
      () => "a connection lives on",
    );
    const left = [...this.#shells.values()].filter((shell) =>
      processTable().some(({ pid, name }) => pid === Number(shell) && name !== "tmux"),
    );
    if (left.length > 0) {
      throw new Error(`shells live on: ${left.join(", ")}`);
    }
    if (keepers.length !== 1) {
      throw new Error(`there were ${keepers.length} keepers`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
    // A keeper whose socket has gone leaves.
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Resident memory of the keeper, in KiB. */
  keeperMemory(): number {
    const [pid] = this.#keepers();
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  }

  get logins(): number {
    return this.lab.host.logins();
  }

  async #start(): Promise<void> {
    const { lab } = this;
    const { terminals } = lab.workbench;
    for (const [at, tab] of tabs.entries()) {
      await lab.open("ours", at);
      this.#shells.set(tab, await this.#query("$$"));
    }
    const notes = join(this.#folder, "notes");
    await writeFile(
      notes,
      Array.from({ length: 200 }, (_, line) => `note ${line} ${"n".repeat(line)}`).join("\n"),
    );
    const paste = join(this.#folder, "paste");
    const programs: readonly (readonly [Tab, string, string | RegExp])[] = [
      ["output", "clear; i=0; while :; do i=$((i+1)); echo n$i; sleep 0.02; done", /^n20$/m],
      [
        "flood",
        "clear; i=0; while :; do seq -f n%.0f $((i+1)) $((i+5000)); i=$((i+5000)); sleep 0.5; done",
        /^n5000$/m,
      ],
      ["paste", `clear; echo ready; stty raw -echo; cat > ${paste}`, "ready"],
      ["vim", `vim -n -u NONE --cmd 'set noshowmode shortmess+=F' '+set ruler' +77 ${notes}`, "note 77"],
      ["tmux", "tmux -f /dev/null new 'PS1=\"inner> \" bash --norc'", "inner>"],
    ];
    for (const [tab, command, shown] of programs) {
      await this.#show(tab);
      await terminals.input(`${command}\r`);
      await terminals.waitForText(shown);
    }
    await terminals.input("tmux set -g status off; clear; echo inner-$((40+2)); seq 5\r");
    await terminals.waitForText(/inner-42\n1\n2\n3\n4\n5\n/);
    this.#names = await terminals.names();
  }

  async #show(tab: Tab): Promise<void> {
    await this.lab.show(tabs.indexOf(tab));
  }

  /** Asks the shell of the active terminal for a value. */
  async #query(of: string): Promise<string> {
    const { terminals } = this.lab.workbench;
    const name = `q${this.#round}x${Math.random().toString(36).slice(2, 8)}`;
    await terminals.input(`echo ${name}-${of}-\r`);
    const pattern = new RegExp(`^${name}-(\\w+)-$`, "m");
    await terminals.waitForText(pattern);
    return pattern.exec(await terminals.text())?.[1] ?? "";
  }

  /** What must be the same after the end of the window, and that it is. */
  async #outlive(endWindow: () => Promise<void>): Promise<void> {
    this.#round++;
    const { lab } = this;
    const { terminals, workbench } = { terminals: lab.workbench.terminals, workbench: lab.workbench };
    await this.#show("vim");
    await terminals.input(`\u001b${this.#round}G`);
    await terminals.input(`Onew line ${this.#round}.\u001b`);
    await terminals.waitForText(`new line ${this.#round}.`);
    const vim = await this.#settled("vim");
    await this.#show("tmux");
    await terminals.input(`echo round-$((${this.#round}+0))\r`);
    await terminals.waitForText(`round-${this.#round}\n`);
    const tmux = await this.#settled("tmux");
    for (const tab of ["output", "flood"] as const) {
      await this.#show(tab);
      await this.#checkSequence(tab);
    }
    await this.#show("shell");
    const ahead = `ahead-${this.#round}`;
    await terminals.input(`echo ${ahead}-$((40+2))`);
    await terminals.waitForText(`echo ${ahead}-$((40+2))`);
    await this.#show("paste");
    const part = pasteText(this.#pasted.length, pasteLength);
    // Some of it may be lost with the window, as keys that were pressed too late are.
    await terminals.input(part);
    await endWindow();
    await workbench.openSideBar("SSH Sessions");
    await waitUntil(
      async () => (await terminals.names()).join() === this.#names.join(),
      async () => `the terminals are ${(await terminals.names()).join()} instead of ${this.#names.join()}`,
    );
    await this.#checkPaste(part);
    await this.#expectScreen("vim", vim);
    await this.#expectScreen("tmux", tmux);
    for (const tab of ["output", "flood"] as const) {
      await this.#show(tab);
      await this.#checkSequence(tab);
    }
    await this.#show("shell");
    await terminals.waitForText(`echo ${ahead}-$((40+2))`);
    await terminals.input("\r");
    await terminals.waitForText(new RegExp(`^${ahead}-42$`, "m"));
    const shell = await this.#query("$$");
    if (shell !== this.#shells.get("shell")) {
      throw new Error(`the shell is ${shell} instead of ${this.#shells.get("shell")}`);
    }
    const count = (await terminals.text()).split(`\n${ahead}-42`).length - 1;
    if (count !== 1) {
      throw new Error(`what was typed before arrived ${count} times`);
    }
  }

  /** Without blanks at the ends of lines, which a redrawn screen may lack. */
  async #screen(): Promise<string> {
    return (await this.lab.screen()).replace(/ +$/gm, "");
  }

  /** The screen, once it is the same for a moment. */
  async #settled(tab: Tab): Promise<string> {
    await this.#show(tab);
    let last = "";
    return await waitUntil(
      async () => {
        const before = last;
        last = await this.#screen();
        return last === before && last;
      },
      () => `the screen of ${tab} changes: ${last}`,
    );
  }

  async #expectScreen(tab: Tab, expected: string): Promise<void> {
    await this.#show(tab);
    let screen = "";
    await waitUntil(
      async () => {
        screen = await this.#screen();
        return screen === expected;
      },
      () => `the screen of ${tab} is\n${screen}\ninstead of\n${expected}`,
    );
  }

  /** The numbered lines of the active terminal follow each other, and on those that were seen before. */
  async #checkSequence(tab: Tab): Promise<void> {
    const before = this.#last.get(tab) ?? 0;
    let lines: readonly number[] = [];
    await waitUntil(
      async () => {
        lines = numbers(await this.lab.workbench.terminals.text());
        return (lines.at(-1) ?? 0) > before;
      },
      () => `${tab} has not gone on after ${before}: ${lines.at(-1)}`,
    );
    const [first = 0, last = 0] = [lines[0], lines.at(-1)];
    const wrong = lines.findIndex((line, at) => line !== first + at);
    if (wrong >= 0) {
      throw new Error(`${tab}: ${lines[wrong]} follows ${lines[wrong - 1]}`);
    }
    // A terminal that was hidden for long has more new lines than it keeps.
    if (lines.length < 900 && first > before + 1) {
      throw new Error(`${tab}: ${first} follows ${before}, which was the last line before`);
    }
    this.#checked += lines.length;
    this.#last.set(tab, last);
  }

  /** The program has got what was pasted up to a point, and gets the rest now. */
  async #checkPaste(part: string): Promise<void> {
    const { terminals } = this.lab.workbench;
    const path = join(this.#folder, "paste");
    const mark = `<${this.#round}>`;
    await this.#show("paste");
    await terminals.input(mark);
    const got = await waitUntil(
      async () => {
        const text = await readFile(path, "utf8");
        return text.endsWith(mark) && text.replace(/<\d+>/g, "");
      },
      async () => `the program has not got the mark, but ${(await readFile(path, "utf8")).slice(-200)}`,
    );
    const whole = this.#pasted + part;
    if (!whole.startsWith(got) || got.length < this.#pasted.length) {
      throw new Error(`the program has got ${got.length} bytes that are not those that were pasted`);
    }
    await terminals.input(whole.slice(got.length));
    this.#pasted = whole;
    const wanted = sum(whole);
    await waitUntil(
      async () => sum((await readFile(path, "utf8")).replace(/<\d+>/g, "")) === wanted,
      () => `the program has not got the rest of ${whole.length} bytes`,
    );
  }

  #keepers(): readonly number[] {
    const log = readFileSync(join(this.#folder, "ssh-sessions", "keeper.log"), "utf8");
    return [...log.matchAll(/the keeper (\d+) \(/g)].map(([, pid]) => Number(pid));
  }
}

function numbers(text: string): readonly number[] {
  const lines = text.split("\n").flatMap((line) => {
    const match = /^n(\d+)$/.exec(line.trimEnd());
    return match === null ? [] : [Number(match[1])];
  });
  // The last one may be incomplete.
  return lines.slice(0, -1);
}

function pasteText(from: number, length: number): string {
  let text = "";
  for (let at = from; text.length < length; at += 10) {
    text += `${at.toString(36).padStart(9, ".")} `;
  }
  return text.slice(0, length);
}

function sum(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Of the servers that this process has started. */
function extensionHosts(): readonly number[] {
  return descendants(process.pid).flatMap(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=extensionHost") ? [pid] : [];
    } catch {
      return [];
    }
  });
}
