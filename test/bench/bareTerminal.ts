import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../lab/until.ts";
import { launchWorkbench, type Workbench } from "../vscode/harness/workbench.ts";
import { TerminalProbe, wordSequence } from "./terminalProbe.ts";

const name = "bare";

/**
 * Writes `bytes` in the same portions and with the same back-pressure as ours (DA1 instead of marks), always the same
 * string.
 */
const program = (bytes: number): string => `
const { EventEmitter, window } = require("vscode");
const portion = Buffer.from("a line of a flood that is all the same\\r\\n".repeat(1600) + "\\x1b[c").toString("latin1");
exports.activate = () => {
  const output = new EventEmitter();
  let left = 0;
  let unanswered = 0;
  const write = () => {
    for (; left > 0 && unanswered < 2; unanswered++) {
      output.fire(portion);
      left -= portion.length;
    }
    if (left <= 0 && unanswered === 0) {
      output.fire("\\x1b]${wordSequence};done\\x07");
    }
  };
  window.createTerminal({ name: "bare", pty: {
    onDidWrite: output.event,
    open: () => {},
    close: () => {},
    handleInput: (data) => {
      if (data === "\\r") {
        left = ${bytes};
      } else {
        unanswered -= data.split("\\x1b[?").length - 1;
      }
      write();
    },
  } }).show();
};
`;

/** A workbench with an extension that has only a terminal: what VS Code itself needs for such an amount of output. */
export class BareTerminal {
  readonly #workbench: Workbench;
  readonly #probe: TerminalProbe;
  readonly #folder: string;

  private constructor(workbench: Workbench, probe: TerminalProbe, folder: string) {
    this.#workbench = workbench;
    this.#probe = probe;
    this.#folder = folder;
  }

  /** @param bytes written by each `run`. */
  static async open(bytes: number): Promise<BareTerminal> {
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-bare-"));
    let workbench: Workbench | undefined;
    try {
      const manifest = {
        name: "bare",
        publisher: "bench",
        version: "1.0.0",
        engines: { vscode: "^1.90.0" },
        main: "main.js",
        activationEvents: ["onStartupFinished"],
      };
      await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
      await writeFile(join(folder, "main.js"), program(bytes));
      workbench = await launchWorkbench({ extensionPath: folder });
      const probe = await TerminalProbe.install(workbench.page);
      await until(() => probe.watch(name), "the bare terminal");
      return new BareTerminal(workbench, probe, folder);
    } catch (error) {
      await workbench?.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async run(): Promise<void> {
    await this.#probe.word(name, "done", await this.#probe.input(name, "\r"));
  }

  async close(): Promise<void> {
    await this.#workbench.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
