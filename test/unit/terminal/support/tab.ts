import { nextEvent } from "../../../../src/base/emitter.ts";
import { Verbosity } from "../../../../src/base/verbosity.ts";
import { Reconnections } from "../../../../src/reconnect/reconnections.ts";
import type { LostConnection } from "../../../../src/reconnect/reconnectTypes.ts";
import type { Session } from "../../../../src/session/sessionTypes.ts";
import { TerminalController } from "../../../../src/terminal/terminalController.ts";
import type {
  OpenAttempt,
  TerminalControllerInit,
  TerminalSettings,
  TerminalState,
} from "../../../../src/terminal/terminalControllerTypes.ts";
import { terminalPhrases } from "../../../../src/text/terminalWords.ts";
import { deafPrograms } from "../../../support/deafPrograms.ts";
import { ManualClock, settle } from "../../../support/manualClock.ts";
import { FakeSession } from "./fakeSession.ts";
import { Screen } from "./screen.ts";

/** A terminal tab: the controller, a headless terminal that replies, and fake sessions. */
export class Tab {
  readonly clock = new ManualClock();
  readonly screen = new Screen(80, 24);
  readonly sessions: FakeSession[] = [];
  readonly attempts: OpenAttempt[] = [];
  /** Used first; then sessions open at once. */
  readonly openings: (() => Promise<Session>)[] = [];
  readonly reconnections: Reconnections;
  /** Ids of the live masters of its destination. */
  masters: readonly string[] = [];
  readonly verbosity = new Verbosity(() => "info");
  readonly closed: (number | undefined)[] = [];
  readonly states: string[] = [];
  settings: TerminalSettings = {
    encoding: "utf-8",
    escapeChar: "~",
    escapeCommandLine: false,
    reconnect: "never",
  };
  readonly controller: TerminalController;
  /** Everything that was written. */
  written = "";
  #answers = true;

  constructor(init: Partial<TerminalControllerInit> = {}) {
    this.reconnections = new Reconnections({
      clock: this.clock,
      random: () => 0,
      usableMasters: () => this.masters,
      onChange: () => {},
    });
    this.controller = new TerminalController({
      clock: this.clock,
      host: "web1",
      phrases: terminalPhrases("shell"),
      programs: deafPrograms,
      settings: async () => this.settings,
      openSession: (attempt) => {
        this.attempts.push(attempt);
        return this.openings.shift()?.() ?? Promise.resolve(this.newSession());
      },
      reconnect: (lost, holder) => this.reconnections.join(lostConnection(lost), holder),
      write: (text) => {
        this.written += text;
        this.screen.terminal.write(text);
      },
      close: (code) => this.closed.push(code),
      describeEnd: (outcome) => ({
        text: `web1: ${outcome.kind}`,
        exitCode: outcome.kind === "exited" && outcome.code === 0 ? 0 : undefined,
        staysOpen: outcome.kind === "lost",
      }),
      describeFailure: (error) => ({
        text: `failed: ${error.message}`,
        exitCode: undefined,
        staysOpen: true,
      }),
      describeWarning: ({ limit, secondsLeft }) => `${limit} limit in ${secondsLeft} s`,
      connectionInfo: () => ["connected somewhere"],
      channelList: () => ["channel 0: this"],
      commandLine: async () => [],
      rekey: () => false,
      changeVerbosity: (session, by) => this.verbosity.change(session.id, by),
      ...init,
    });
    this.controller.onDidChangeState(({ kind }) => this.states.push(kind));
    this.screen.terminal.onData((data) => {
      if (this.#answers) {
        this.controller.input(data);
      }
    });
  }

  newSession(): FakeSession {
    const session = new FakeSession();
    this.sessions.push(session);
    return session;
  }

  get session(): FakeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) {
      throw new Error("no session was opened");
    }
    return session;
  }

  stopAnswering(): void {
    this.#answers = false;
  }

  async open(): Promise<this> {
    this.controller.open({ columns: 80, rows: 24 });
    await settle();
    return this;
  }

  /** Also if it takes real time, such as loading the tables of an encoding. */
  async until(kind: TerminalState["kind"]): Promise<void> {
    if (this.controller.state.kind !== kind) {
      await nextEvent(this.controller.onDidChangeState, undefined, (state) => state.kind === kind);
    }
  }

  /** One key at a time. */
  type(keys: string): void {
    for (const key of keys) {
      this.controller.input(key);
    }
  }

  /** The text on the screen, once the terminal has parsed everything. */
  async text(): Promise<string> {
    await settle();
    await this.screen.write("");
    return this.screen.text();
  }
}

/** The options with which a session's terminal reconnects. */
export function lostConnection(session: Session): LostConnection {
  const connection = session.connection();
  return { destinationKey: connection?.destinationKey ?? session.id, master: connection?.master };
}
