import type { Clock } from "../base/clock.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type {
  LoginMode,
  ReconnectHolder,
  ReconnectMode,
  ReconnectTicket,
} from "../reconnect/reconnectTypes.ts";
import type { LimitKind, LostSession, Session, SessionOutcome } from "../session/sessionTypes.ts";
import type { EscapePorts } from "./escapeAnswers.ts";
import type { FlowLimits } from "./flowLimits.ts";
import type { ProgramRequests } from "./oscFilter.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";
import type { Typing } from "./typing.ts";

export interface TerminalSettings {
  /** `utf-8`, or a name that iconv supports. */
  readonly encoding: string;
  /** As in ssh_config: one character, `^X`, or `none`. */
  readonly escapeChar: string;
  readonly reconnect: ReconnectMode;
  /** EnableEscapeCommandline of ssh_config. */
  readonly escapeCommandLine: boolean;
  /** See PersistentShell. */
  readonly mainScreenOnly?: boolean;
}

export interface OpenAttempt {
  /** The size for the new pty: the last known one. */
  readonly dimensions: Dimensions;
  readonly signal: AbortSignal;
  readonly login: LoginMode;
  /** The lost session that this one replaces in the tab, if any. */
  readonly inPlaceOf: LostSession | undefined;
  /** News about the login. */
  onLogin(news: LoginNews): void;
}

/** How a session was used until it ended. */
export interface SessionLife {
  /** Milliseconds. */
  readonly openFor: number;
  /** The user has typed into it, or ended its input. */
  readonly used: boolean;
}

/** How an end is shown, and what happens to the tab. */
export interface Ending {
  /** One line of plain text, e.g. `web1: connection lost (no reply for 90 s)`. */
  readonly text: string;
  /** A warning that must be noticed, shown above `text`: a headline and further lines of plain text. */
  readonly warning?: readonly [string, ...string[]];
  /** VS Code shows a message for any other number. Undefined: the tab closes without one. */
  readonly exitCode: 0 | undefined;
  /** The tab stays until a key is pressed, so that the last output and the reason can be read. */
  readonly staysOpen: boolean;
  /** There is nothing to return to: the terminal is not offered again after a reload. */
  readonly isFinal?: boolean;
}

export interface TerminalControllerInit extends EscapePorts {
  readonly clock: Clock;
  /** The host as the user names it. */
  readonly host: string;
  readonly phrases: TerminalPhrases;
  readonly programs: ProgramRequests;
  /** Read for each session. If it rejects, defaults are used: opening the session reports the problem. */
  settings(): Promise<TerminalSettings>;
  openSession(attempt: OpenAttempt): Promise<Session>;
  /** Where the terminals of one destination wait for another connection: see SessionService. */
  reconnect(lost: Session, terminal: ReconnectHolder): ReconnectTicket;
  /** Passes text to the terminal. */
  write(text: string): void;
  close(exitCode: 0 | undefined): void;
  /** @param life absent: it was lost. */
  describeEnd(outcome: SessionOutcome, life?: SessionLife): Ending;
  /** A session could not be opened; not called for cancellations. */
  describeFailure(error: Error): Ending;
  describeWarning(warning: { readonly limit: LimitKind; readonly secondsLeft: number }): string;
  /** Executes a `~C` command line. Resolves to lines of plain text; never rejects. */
  commandLine(session: Session, line: string): Promise<readonly string[]>;
  /** Shared by all terminals of the window; absent: terminals do not yield to each other. */
  readonly typing?: Typing;
  readonly flowLimits?: Partial<FlowLimits>;
}

/** Times are wall-clock milliseconds. */
export type TerminalState =
  /** VS Code is not listening yet. */
  | { readonly kind: "unopened" }
  | { readonly kind: "opening"; readonly again: boolean }
  | { readonly kind: "open"; readonly session: Session }
  /**
   * The session was lost. `until`: when the next attempt starts; undefined: when the user or other terminals start
   * it.
   */
  | { readonly kind: "waiting"; readonly until: number | undefined }
  /** Ended; the tab stays so that it can be read. */
  | { readonly kind: "ended"; readonly ending: Ending }
  | { readonly kind: "closed" };
