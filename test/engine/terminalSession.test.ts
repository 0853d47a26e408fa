import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type IPty, spawn } from "@lydell/node-pty";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { TerminalController } from "../../src/terminal/terminalController.ts";
import { terminalPhrases } from "../../src/text/terminalWords.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { deafPrograms } from "../support/deafPrograms.ts";
import { type TestStack, testStack } from "../support/testStack.ts";
import { Screen } from "../unit/terminal/support/screen.ts";

/** A terminal tab over the whole stack, with a headless terminal that replies. */
class RealTab {
  readonly screen = new Screen(80, 24);
  readonly controller: TerminalController;
  readonly closed: (number | undefined)[] = [];
  written = 0;

  constructor(stack: TestStack, command?: string) {
    this.controller = new TerminalController({
      clock: systemClock,
      host: "lab",
      settings: async () => ({
        encoding: "utf-8",
        escapeChar: "~",
        escapeCommandLine: false,
        reconnect: "never",
      }),
      openSession: ({ dimensions, signal }) =>
        stack.service.open(
          {
            host: "lab",
            kind: "terminal",
            request: command === undefined ? { type: "shell" } : { type: "exec", command },
            pty: { term: "xterm-256color", dimensions },
          },
          signal,
        ),
      reconnect: (lost, terminal) => stack.service.reconnect(lost, terminal),
      write: (text) => {
        this.written += text.length;
        this.screen.terminal.write(text);
      },
      phrases: terminalPhrases("shell"),
      programs: deafPrograms,
      close: (code) => this.closed.push(code),
      describeEnd: ({ kind }) => ({ text: kind, exitCode: 0, staysOpen: false }),
      describeFailure: ({ message }) => ({ text: message, exitCode: undefined, staysOpen: false }),
      describeWarning: () => "",
      connectionInfo: () => [],
      channelList: () => [],
      commandLine: async () => [],
      rekey: () => false,
      changeVerbosity: () => "info",
    });
    this.screen.terminal.onData((data) => this.controller.input(data));
    this.controller.open({ columns: 80, rows: 24 });
  }

  type(keys: string): void {
    for (const key of keys) {
      this.controller.input(key);
    }
  }

  until(pattern: RegExp): Promise<void> {
    return until(() => pattern.test(this.screen.text()), String(pattern));
  }

  dispose(): void {
    this.controller.dispose();
    this.screen.dispose();
  }
}

/** Programs that record every byte that they read. */
const recorder = (file: string): string => `stty raw -echo; echo READY; exec cat >'${file}'`;

describe("a terminal on a real sshd", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
  });

  afterAll(() => host.stop());

  describe("escapes send what OpenSSH's ssh sends, byte for byte", () => {
    // Each after a newline. Left out are those that do not return in the real one: ~. (below), ~^Z, ~&.
    const cases = [
      "",
      "a",
      "~",
      "~~",
      "~~~",
      "~~~~",
      "~x",
      "~ ",
      "~é",
      "~日本",
      "~\u007f",
      "~\u0003",
      "~\u001b",
      "~\u001b[A",
      "~\t",
      "a~.",
      " ~.",
      "~x~.",
      "~~.",
      "~?",
      "~#",
      "~R",
      "~v",
      "~V",
      "~?~~",
      "~#x",
      "~#~x",
      "~?~?",
      "~v~~~",
      "~~?",
      "a~?",
      "~b",
      "~c",
      "~r",
      "~0",
      "~\r",
      "~\n",
      "~\r~~",
      "\n~~",
      "\n\n~x",
      "a\n~?b",
      "~B",
      "~Bx",
      "~C",
      "~Cx",
      "~#\u0001",
      "/~/",
      "cd ~",
      "~user",
      "~/.ssh",
      "~-",
      "~+",
      "~,",
      "~:",
      "~;",
      "~!x",
    ];
    const random = fc.sample(
      fc
        .array(fc.constantFrom("a", "~", "~", "\r", "\n", "?", "#", "é", " ", "\u007f"), { maxLength: 12 })
        .map((keys) => keys.join("")),
      { seed: 20240619, numRuns: 40 },
    );
    const typed = `${[...cases, ...random].join("\r")}\rEND`;

    async function bytesOf(file: string): Promise<Buffer> {
      // READY comes just before the file.
      const soFar = (): Promise<Buffer> => readFile(file).catch(() => Buffer.alloc(0));
      await until(async () => (await soFar()).includes("END"), "all input");
      return readFile(file);
    }

    it(`${cases.length + random.length} inputs`, async () => {
      await using stack = await testStack(config);
      const [ours, theirs] = [join(host.folder, "ours"), join(host.folder, "theirs")];
      const tab = new RealTab(stack, recorder(ours));
      await tab.until(/READY/);
      tab.type(typed);
      const got = await bytesOf(ours);
      tab.dispose();

      const { ssh, output } = openssh(config, recorder(theirs));
      await until(() => output().includes("READY"), "ssh");
      ssh.write(typed);
      const expected = await bytesOf(theirs);
      ssh.kill();
      await Promise.all([rm(ours), rm(theirs)]);
      expect(got.toString("latin1")).toBe(expected.toString("latin1"));
    });

    it("~. at the start, after a line, and after another escape ends the session", async () => {
      await using stack = await testStack(config);
      for (const keys of ["~.", "abc\r~.", "\r~#~."]) {
        const { ssh, output, ended } = openssh(config, "stty -echo; echo READY; cat");
        await until(() => output().includes("READY"), "ssh");
        const tab = new RealTab(stack, "stty -echo; echo READY; cat");
        await tab.until(/READY/);
        tab.type(keys);
        ssh.write(keys);
        await until(() => tab.closed.length === 1, `our end after ${JSON.stringify(keys)}`);
        await ended;
        tab.dispose();
      }
    });
  });

  it("an interrupt ends a flood without waiting for data in transit, and the prompt appears", async () => {
    await using stack = await testStack(config);
    const tab = new RealTab(stack);
    tab.type("PS1='REA''DY> '; PROMPT_COMMAND=; echo\r");
    await tab.until(/READY>$/m);
    tab.type("yes 'a line of the flood that fills the screen and everything behind it'\r");
    await until(() => tab.written > 8_000_000, "the flood");
    const before = tab.written;
    tab.type("\u0003");
    // Not `^C` before it: a full tty does not echo reliably.
    await tab.until(/READY>$/);
    // Data in transit fills the channel's window and more; of it, at most what is not worth skipping is shown.
    expect(tab.written - before).toBeLessThan(100_000);
    tab.type("echo still-$((40+2))\r");
    await tab.until(/still-42/);
    tab.dispose();
  });

  it("a megabyte pasted to a slow reader arrives complete", async () => {
    await using stack = await testStack(config);
    const file = join(host.folder, "pasted");
    const paste = Array.from({ length: 80_000 }, (_, line) => `line ${line}`).join("\n");
    const tab = new RealTab(stack, `stty raw -echo; echo READY; sleep 1; exec cat >'${file}'`);
    await tab.until(/READY/);
    tab.controller.input(`${paste}\nEND`);
    await until(async () => (await readFile(file).catch(() => Buffer.alloc(0))).includes("END"), "the paste");
    expect(await readFile(file, "utf8")).toBe(`${paste}\nEND`);
    tab.dispose();
  });
});

function openssh(
  config: string,
  command: string,
): { readonly ssh: IPty; output(): string; readonly ended: Promise<unknown> } {
  let text = "";
  const ssh = spawn("ssh", ["-F", config, "-tt", "lab", command], { cols: 80, rows: 24 });
  ssh.onData((data) => {
    text += data;
  });
  return { ssh, output: () => text, ended: new Promise((resolve) => ssh.onExit(resolve)) };
}
