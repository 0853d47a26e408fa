import { systemClock } from "../../src/base/clock.ts";
import { Emitter, nextEvent } from "../../src/base/emitter.ts";
import type { LoginMode } from "../../src/reconnect/reconnectTypes.ts";
import { TerminalController } from "../../src/terminal/terminalController.ts";
import { describeOutcome } from "../../src/text/sessionDetails.ts";
import { terminalPhrases } from "../../src/text/terminalWords.ts";
import { Screen } from "../unit/terminal/support/screen.ts";
import { deafPrograms } from "./deafPrograms.ts";
import type { TestStack } from "./testStack.ts";

/**
 * A terminal tab on the host `lab` of a real stack: everything except the editor's part. Reconnects automatically.
 */
export class LiveTab {
  readonly controller: TerminalController;
  readonly states: string[] = [];
  /** For each opening. */
  readonly logins: LoginMode[] = [];
  readonly #screen = new Screen(80, 24);
  readonly #wrote = new Emitter<void>();
  readonly #stack: TestStack;
  /** Everything that was written. */
  written = "";

  /**
   * @param command instead of the login shell
   * @param keep the name under which the keeper holds it
   */
  constructor(stack: TestStack, command?: string, host = "lab", keep?: string) {
    this.#stack = stack;
    const ending = (text: string) => ({ text, exitCode: undefined, staysOpen: true });
    this.controller = new TerminalController({
      clock: systemClock,
      phrases: terminalPhrases("shell"),
      programs: deafPrograms,
      host,
      settings: async () => ({
        encoding: "utf-8",
        escapeChar: "~",
        escapeCommandLine: false,
        reconnect: "auto",
      }),
      openSession: ({ dimensions, signal, login, inPlaceOf, onLogin }) => {
        this.logins.push(login);
        return stack.service.open(
          {
            host,
            kind: "terminal",
            request: command === undefined ? { type: "shell" } : { type: "exec", command },
            pty: { term: "xterm-256color", dimensions },
            login,
            onLogin,
            ...(inPlaceOf && { inPlaceOf }),
            ...(keep !== undefined && { keep }),
          },
          signal,
        );
      },
      reconnect: (lost, terminal) => stack.service.reconnect(lost, terminal),
      write: (text) => {
        this.written += text;
        this.#screen.terminal.write(text, () => this.#wrote.fire());
      },
      close: () => {},
      describeEnd: (outcome) => ending(`${host}: ${describeOutcome(outcome)}`),
      describeFailure: (error) => ending(`${host}: ${error.name}`),
      describeWarning: () => "",
      connectionInfo: () => [],
      channelList: () => [],
      commandLine: async () => [],
      rekey: () => false,
      changeVerbosity: () => undefined,
    });
    this.controller.onDidChangeState(({ kind }) => this.states.push(kind));
    this.#screen.terminal.onData((data) => this.controller.input(data));
    this.controller.open({ columns: 80, rows: 24 });
  }

  /** One key at a time. */
  type(keys: string): void {
    for (const key of keys) {
      this.controller.input(key);
    }
  }

  resize(columns: number, rows: number): void {
    this.#screen.terminal.resize(columns, rows);
    this.controller.resize({ columns, rows });
  }

  bytesIn(): number {
    return this.#stack.service.masters()[0]?.bytesIn ?? 0;
  }

  /** The text on the screen and above it, once everything is parsed. */
  async text(): Promise<string> {
    await this.#screen.write("");
    return this.#screen.text();
  }

  async waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const text = await this.text();
      const match = text.match(pattern);
      if (match !== null) {
        return match;
      }
      try {
        await nextEvent(this.#wrote.event, AbortSignal.timeout(30_000));
      } catch (cause) {
        throw new Error(`timeout: ${pattern} did not appear:\n${text}`, { cause });
      }
    }
  }

  /** The shell's prompt is shown. */
  async prompt(): Promise<void> {
    await this.waitFor(/[#$] ?$/);
  }

  /** The session is open, and a full screen program has drawn its screen. */
  async settled(): Promise<void> {
    await this.waitFor(/[#$] ?(\n|$)/);
  }
}
