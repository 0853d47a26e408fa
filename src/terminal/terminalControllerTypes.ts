import type { Clock } from "../base/clock.ts";
import type { LogLevelName } from "../base/verbosity.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type {
  LoginMode,
  ReconnectHolder,
  ReconnectMode,
  ReconnectTicket,
} from "../reconnect/reconnectTypes.ts";
import type { LimitKind, LostSession, Session, SessionOutcome } from "../session/sessionTypes.ts";
import type { FlowLimits } from "./flowLimits.ts";
import type { ProgramRequests } from "./oscFilter.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";
import type { Typing } from "./typing.ts";

export interface TerminalSettings {
  /** `utf-8`, or any name that iconv knows. */
  readonly encoding: string;
  /** As in ssh_config: one character, `^X`, or `none`. */
  readonly escapeChar: string;
  readonly reconnect: ReconnectMode;
}

export interface OpenAttempt {
  /** The size to open the pty with: the last that is known. */
  readonly dimensions: Dimensions;
  readonly signal: AbortSignal;
  readonly login: LoginMode;
  /** The session that was lost before it in this tab, if one was. */
  readonly inPlaceOf: LostSession | undefined;
  /** What the login says and waits for. */
  onLogin(news: LoginNews): void;
}

/** How an end is told, and what becomes of the tab. */
export interface Ending {
  /** One line of plain text, e.g. `web1: connection lost (no answer for 90 s)`. */
  readonly text: string;
  /** What nobody may overlook, told above `text`: a headline and further lines of plain text. */
  readonly warning?: readonly [string, ...string[]];
  /** VS Code shows a message for any other number. Undefined: it closes the tab without one. */
  readonly exitCode: 0 | undefined;
  /** The tab stays until a key is pressed, so that the last output and the reason can be read. */
  readonly staysOpen: boolean;
}

export interface TerminalControllerInit {
  readonly clock: Clock;
  /** As the person calls it. */
  readonly host: string;
  readonly phrases: TerminalPhrases;
  readonly programs: ProgramRequests;
  /** Asked for each session. When it rejects, defaults are used: opening the session will say what is wrong. */
  settings(): Promise<TerminalSettings>;
  openSession(attempt: OpenAttempt): Promise<Session>;
  /** Where the terminals of one destination wait for another connection: see SessionService. */
  reconnect(lost: Session, terminal: ReconnectHolder): ReconnectTicket;
  /** Hands text to the terminal. */
  write(text: string): void;
  close(exitCode: 0 | undefined): void;
  describeEnd(outcome: SessionOutcome): Ending;
  /** A session did not come about; not called for cancellations. */
  describeFailure(error: Error): Ending;
  describeWarning(warning: { readonly limit: LimitKind; readonly secondsLeft: number }): string;
  /** `~I` and `~#`: lines of plain text about the connection, and about all channels on it. */
  connectionInfo(session: Session): readonly string[];
  channelList(session: Session): readonly string[];
  /** `~R`. @returns false where the connection can't. */
  rekey(session: Session): boolean;
  /** `~v` and `~V`. @returns the level of the log that holds now; undefined: nothing is logged. */
  changeVerbosity(session: Session, by: 1 | -1): LogLevelName | undefined;
  /** Of all terminals of the window; without it each is as if alone. */
  readonly typing?: Typing;
  readonly flowLimits?: Partial<FlowLimits>;
}

/** Times are wall-clock milliseconds. */
export type TerminalState =
  /** VS Code does not listen yet. */
  | { readonly kind: "unopened" }
  | { readonly kind: "opening"; readonly again: boolean }
  | { readonly kind: "open"; readonly session: Session }
  /** The session was lost. `until`: when the next attempt begins; undefined: when a person or other terminals make it. */
  | { readonly kind: "waiting"; readonly until: number | undefined }
  /** Over, and the tab stays to be read. */
  | { readonly kind: "ended"; readonly ending: Ending }
  | { readonly kind: "closed" };
