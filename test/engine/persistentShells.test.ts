import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import headless from "@xterm/headless";
import { afterEach, beforeEach, describe, it } from "vitest";
import { historyCommand, historyText } from "../../src/remote/shellHistory.ts";
import { type PersistentShell, persistentShell } from "../../src/session/persistence.ts";
import { MainScreenFilter } from "../../src/terminal/mainScreenFilter.ts";
import { until } from "../lab/until.ts";
import { needProgram } from "../setup/needProgram.ts";

const run = promisify(execFile);

/** A shell in tmux or screen as a server runs it, and how VS Code's terminal (xterm.js) shows its output. */
class Attached {
  readonly pty: IPty;
  readonly terminal = new headless.Terminal({
    cols: 80,
    rows: 24,
    scrollback: 1000,
    allowProposedApi: true,
  });
  ended = false;

  constructor({ attach, mainScreenOnly }: PersistentShell, env: Readonly<Record<string, string>>) {
    this.pty = spawn("/bin/sh", ["-c", attach], { name: "xterm-256color", cols: 80, rows: 24, env });
    const mainScreen = mainScreenOnly ? new MainScreenFilter() : undefined;
    this.pty.onData((data) => this.terminal.write(mainScreen?.filter(data) ?? data));
    this.terminal.onData((data) => this.pty.write(data));
    this.pty.onExit(() => {
      this.ended = true;
    });
  }

  /** All lines, including those above the screen. */
  lines(): readonly string[] {
    const { active } = this.terminal.buffer;
    return Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? "",
    );
  }

  async shows(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.lines().join("\n")), `${pattern}`).catch((error: unknown) => {
      throw new Error(`${pattern} is not in:\n${this.lines().join("\n")}`, { cause: error });
    });
  }
}

describe.each(["tmux", "screen"] as const)("a shell in %s", (tool) => {
  const name = "vscode-test1";
  let folder: string;
  let env: Record<string, string>;
  let attached: Attached[];

  beforeEach(async () => {
    await needProgram(tool);
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-persistent-"));
    await mkdir(join(folder, "screens"), { mode: 0o700 });
    env = {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      TMUX_TMPDIR: folder,
      SCREENDIR: join(folder, "screens"),
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
      PS1: "lab> ",
    };
    attached = [];
    await writeFile(join(folder, ".profile"), "PS1='lab> '\n");
    // What a user may have set, which must not apply here.
    await writeFile(join(folder, ".tmux.conf"), "set -g mouse on\nset -g status on\nset -g prefix C-a\n");
    await writeFile(join(folder, ".screenrc"), "hardstatus alwayslastline mine\nescape ^Bb\n");
  });

  afterEach(async () => {
    await run("/bin/sh", ["-c", persistentShell(tool, name)?.end ?? ""], { env }).catch(() => {});
    for (const one of attached) {
      await until(() => one.ended, "the terminal has ended with its shell");
      one.terminal.dispose();
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function attach(): Promise<Attached> {
    const shell = persistentShell(tool, name);
    assert.ok(shell !== undefined);
    const one = new Attached(shell, env);
    attached.push(one);
    return one;
  }

  it("scrolls in VS Code's own scrollback, without mouse mode, alternate screen or status line", async () => {
    const shell = await attach();
    await shell.shows(/lab>/);
    // tmux draws what is on the screen when it draws: lines of a burst that have scrolled out by then are not sent.
    shell.pty.write("for i in $(seq 1000 1060); do echo $i; sleep 0.02; done\r");
    await shell.shows(/^1060\n+lab>\s*$/m);
    const lines = shell.lines();
    for (const line of ["1000", "1030", "1060"]) {
      assert.ok(lines.includes(line), `no line ${line}`);
    }
    assert.equal(shell.terminal.buffer.active.type, "normal");
    assert.equal(shell.terminal.modes.mouseTrackingMode, "none");
    // The prompt is on the last line of the screen: the tool shows nothing below it.
    assert.match(lines.at(-1) ?? "", /^lab>/);
  });

  if (tool === "tmux") {
    it("has a history of all lines, also those that were drawn too fast, long ones in one piece and printable", async () => {
      const shell = await attach();
      await shell.shows(/lab>/);
      const long = "x".repeat(300);
      shell.pty.write(`seq 10001 15000; echo ${long}; printf 'a\\342\\200\\256b\\n'; echo end-$((40+2))\r`);
      await shell.shows(/^end-42$/m);
      const read = async (of: string): Promise<string | undefined> => {
        const command = historyCommand(persistentShell(tool, of)?.history ?? "");
        return historyText(
          Buffer.from((await run("/bin/sh", ["-c", `echo motd; ${command}`], { env })).stdout),
        );
      };
      const lines = (await read(name))?.split("\n") ?? [];
      const first = lines.indexOf("10001");
      assert.deepEqual(lines.slice(first, first + 5003), [
        ...Array.from({ length: 5000 }, (_, index) => String(10001 + index)),
        long,
        "a\\u{202e}b",
        "end-42",
      ]);
      assert.ok(!lines.includes("motd"));
      assert.match(lines.at(-2) ?? "", /^lab>$/);
      assert.equal(await read("vscode-other"), undefined);
    });
  }

  it("passes every key to the program", async () => {
    const shell = await attach();
    await shell.shows(/lab>/);
    shell.pty.write("stty -a | grep -c . >~/ready; cat -v\r");
    await until(
      async () => (await readFile(join(folder, "ready"), "utf8").catch(() => "")) !== "",
      "cat runs",
    );
    shell.pty.write("\u0001x\u0002y\r");
    await shell.shows(/\^Ax\^By/);
  });

  it("is the same shell when attached again, which detaches it elsewhere, and ends on request", async () => {
    const first = await attach();
    await first.shows(/lab>/);
    first.pty.write("mark=here-$((40+2))\r");
    const second = await attach();
    await until(() => first.ended, "the first is detached");
    second.pty.write("echo $mark\r");
    await second.shows(/^here-42$/m);
    await run("/bin/sh", ["-c", persistentShell(tool, name)?.end ?? ""], { env });
    await until(() => second.ended, "the shell has ended");
  });

  it("finds a session from version 0.2.0", async () => {
    const begin =
      tool === "tmux"
        ? ["tmux", ["new-session", "-d", "-s", name, "-e", "OLD=yes"]]
        : ["screen", ["-d", "-m", "-S", name]];
    await run(begin[0] as string, begin[1] as string[], { env: { ...env, OLD: "yes", TERM: "xterm" } });
    const shell = await attach();
    await shell.shows(/lab>/);
    shell.pty.write("echo old-$OLD\r");
    await shell.shows(/^old-yes/m);
  });
});
