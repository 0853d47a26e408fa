/**
 * A terminal tab without VS Code: one remote session after the other on one screen.
 *
 * ```ts
 * const controller = new TerminalController({ clock, host, settings, openSession, reconnect, write, close, … });
 * // vscode.Pseudoterminal
 * open(dimensions) { controller.open(dimensions); }
 * close() { controller.dispose(); }            // the tab is gone: hangs up the session, and nothing else
 * handleInput(data) { controller.input(data); }
 * setDimensions(dimensions) { controller.resize(dimensions); }
 * ```
 *
 * Nothing is written before `open`. `init.close` is called at most once, when the tab should go; after `dispose` nothing
 * is called any more. `state` is a union with one event; `session` is the one that is open.
 */
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import type { LogLevelName } from "../base/verbosity.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import { failureClass } from "../reconnect/failureClass.ts";
import type {
  LoginMode,
  ReconnectHolder,
  ReconnectMode,
  ReconnectTicket,
} from "../reconnect/reconnectTypes.ts";
import { mayBeShutdown, mayReconnect } from "../session/sessionLoss.ts";
import type { LimitKind, LostSession, Session, SessionOutcome } from "../session/sessionTypes.ts";
import { answerEscape } from "./escapeAnswers.ts";
import { type EscapeAction, parseEscapeCharacter } from "./escapeInterpreter.ts";
import type { FlowLimits } from "./flowController.ts";
import type { ProgramRequests } from "./oscFilter.ts";
import { SessionLink } from "./sessionLink.ts";
import { EncodingError, loadTextCodec, type TextCodec, utf8Codec } from "./streamingDecoder.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";
import { TerminalScreen } from "./terminalScreen.ts";
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
  /** The next session continues the same shell (tmux, screen): what is typed while it reconnects is meant for it. */
  keepsShell(): boolean;
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
  changeVerbosity(by: 1 | -1): LogLevelName | undefined;
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

/** Until VS Code tells the real size. */
const usualSize: Dimensions = { columns: 80, rows: 24 };
/** A login that is quicker than this says nothing of itself. Milliseconds. */
const quietOpening = 300;
/** What a login waits for is shown when it takes longer. Milliseconds. */
const quietWait = 1_000;
/** What is typed before the session is open. UTF-16 code units. */
const mostTypedAhead = 64 * 1024;
/** An end that was asked for and has not come by then is made one. Milliseconds. */
const endPatience = 800;

const ENTER = "\r";
const ESC = "\u001b";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

export class TerminalController implements Disposable {
  readonly #init: TerminalControllerInit;
  readonly #screen: TerminalScreen;
  readonly #stateChanged = new Emitter<TerminalState>();
  #state: TerminalState = { kind: "unopened" };
  #dimensions: Dimensions = usualSize;
  #attempt: AbortController | undefined;
  #link: SessionLink | undefined;
  #typedAhead = "";
  /** How many characters were typed for a shell that is gone. */
  #droppedKeys = 0;
  #timer: Disposable | undefined;
  /** Wall-clock: when the session was lost. */
  #lostAt: number | undefined;
  #lostText = "";
  #lost: LostSession | undefined;
  #ticket: ReconnectTicket | undefined;
  /** Sees whether a session that has ended turns out to be lost. */
  #afterEnd: Disposable | undefined;
  /** Why the last attempt to reconnect failed. */
  #failureText = "";
  /** The last attempt to reconnect failed because its login needs a person. */
  #needsPerson = false;

  readonly onDidChangeState: Event<TerminalState> = this.#stateChanged.event;

  constructor(init: TerminalControllerInit) {
    this.#init = init;
    this.#screen = new TerminalScreen(
      {
        clock: init.clock,
        columns: () => this.#dimensions.columns,
        write: (text) => init.write(text),
        pause: () => this.#link?.pause(),
        resume: () => this.#link?.resume(),
        input: (text) => this.#onInput(text),
        restTime: () => init.typing?.restFor(this) ?? 0,
      },
      init.flowLimits,
    );
  }

  get state(): TerminalState {
    return this.#state;
  }

  /** Where the shell of this session said that it is, on the server. */
  get directory(): string | undefined {
    return this.#link?.directory;
  }

  /** VS Code listens now. Opens the first session. */
  open(dimensions: Dimensions | undefined): void {
    if (this.#state.kind !== "unopened") {
      return;
    }
    this.#dimensions = dimensions ?? this.#dimensions;
    void this.#open(false, "attended");
  }

  /** What the terminal sends: keys, pastes, and its answers. */
  input(data: string): void {
    if (this.#state.kind !== "closed" && this.#state.kind !== "unopened") {
      this.#screen.receive(data);
    }
  }

  resize(dimensions: Dimensions): void {
    this.#dimensions = dimensions;
    this.#link?.resize(dimensions);
  }

  /** A line of our own, dim, at the next place where it breaks nothing. Plain text. */
  notice(line: string): void {
    if (this.#state.kind !== "closed" && this.#state.kind !== "unopened") {
      this.#screen.notice(line);
    }
  }

  /** The tab is gone: hangs up the session. */
  dispose(): void {
    const { session } = this;
    this.#toClosed();
    if (session !== undefined) {
      // What nobody reads any more must not keep the close from coming through.
      session.resume();
      this.#hangUp(session);
    }
  }

  /** The session that is open. */
  get session(): Session | undefined {
    return this.#state.kind === "open" ? this.#state.session : undefined;
  }

  async #open(again: boolean, login: LoginMode): Promise<void> {
    const { clock, host, phrases } = this.#init;
    this.#stopTimer();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#setState({ kind: "opening", again });
    this.#timer = clock.setTimeout(
      () => this.#screen.status(again ? phrases.reconnecting(host) : phrases.connecting(host)),
      again ? 0 : quietOpening,
    );
    const dimensions = this.#dimensions;
    try {
      const setup = this.#prepare();
      const inPlaceOf = this.#lost;
      const session = await this.#init.openSession({
        dimensions,
        signal: attempt.signal,
        login,
        inPlaceOf,
        onLogin: (news) => {
          if (!attempt.signal.aborted) {
            this.#onLogin(news);
          }
        },
      });
      if (attempt.signal.aborted) {
        this.#hangUp(session);
        return;
      }
      const warnings = session.onDidWarn((warning) =>
        this.#screen.notice(this.#init.describeWarning(warning)),
      );
      const { codec, escapeCharacter, complaint } = await setup;
      if (attempt.signal.aborted) {
        warnings.dispose();
        this.#hangUp(session);
        return;
      }
      this.#stopTimer();
      await this.#run(session, { codec, escapeCharacter, dimensions, complaint }).finally(() =>
        warnings.dispose(),
      );
    } catch (thrown) {
      if (!attempt.signal.aborted) {
        this.#stopTimer();
        this.#onFailed(asError(thrown), again);
      }
    }
  }

  /** The person who waits sees for what, and what the server says; Ctrl+C gives up. */
  #onLogin(news: LoginNews): void {
    const { clock, phrases } = this.#init;
    if (news.kind === "words") {
      this.#screen.notice(...phrases.serverWords(news.words, news.alias));
      return;
    }
    const { wait, alias } = news;
    if (wait !== undefined) {
      this.#stopTimer();
      this.#timer = clock.setTimeout(() => this.#screen.status(phrases.loginWait(wait, alias)), quietWait);
    }
  }

  async #prepare(): Promise<{ codec: TextCodec; escapeCharacter: string; complaint: string | undefined }> {
    const settings = await this.#init.settings().catch(() => undefined);
    let codec = utf8Codec;
    let complaint: string | undefined;
    try {
      codec = await loadTextCodec(settings?.encoding ?? "utf-8");
    } catch (error) {
      if (!EncodingError.is(error)) {
        throw error;
      }
      complaint = this.#init.phrases.unknownEncoding(settings?.encoding ?? "", error.message);
    }
    return { codec, escapeCharacter: parseEscapeCharacter(settings?.escapeChar ?? "~") ?? "~", complaint };
  }

  async #run(
    session: Session,
    setup: {
      readonly codec: TextCodec;
      readonly escapeCharacter: string;
      readonly dimensions: Dimensions;
      readonly complaint: string | undefined;
    },
  ): Promise<void> {
    const { clock } = this.#init;
    this.#screen.clearStatus();
    this.#leave();
    this.#lost = undefined;
    if (this.#lostAt !== undefined) {
      const seconds = Math.round((clock.now() - this.#lostAt) / 1000);
      this.#screen.notice(this.#init.phrases.reconnected(seconds, this.#droppedKeys));
      this.#forgetOutage();
    }
    if (setup.complaint !== undefined) {
      this.#screen.notice(setup.complaint);
    }
    if (session.ptyRefused) {
      this.#screen.notice(this.#init.phrases.ptyRefused());
    }
    this.#setState({ kind: "open", session });
    const link = new SessionLink({
      clock,
      session,
      screen: this.#screen,
      codec: setup.codec,
      escapeCharacter: setup.escapeCharacter,
      dimensions: setup.dimensions,
      phrases: this.#init.phrases,
      programs: this.#init.programs,
      onEscape: (action, key) => this.#onEscape(session, action, key, setup.escapeCharacter),
    });
    this.#link = link;
    link.resize(this.#dimensions);
    const typedAhead = this.#typedAhead;
    this.#typedAhead = "";
    if (typedAhead !== "") {
      link.input(typedAhead);
    }
    const outcome = await link.ended();
    link.dispose();
    if (this.#link === link) {
      this.#link = undefined;
      await this.#onEnded(session, outcome);
    }
  }

  async #onEnded(session: Session, said: SessionOutcome): Promise<void> {
    // What ended by a signal may turn out to be lost, now or in a moment.
    const outcome = session.state.kind === "ended" ? session.state.outcome : said;
    this.#screen.restore();
    if (mayReconnect(outcome)) {
      await this.#onLost(session, outcome);
    } else if (mayBeShutdown(outcome)) {
      this.#end({ ...this.#init.describeEnd(outcome), staysOpen: true });
      const ended = this.#state;
      this.#afterEnd = session.onDidChangeState((state) => {
        if (this.#state === ended && state.kind === "ended" && mayReconnect(state.outcome)) {
          void this.#onLost(session, state.outcome);
        }
      });
    } else {
      this.#end(this.#init.describeEnd(outcome));
    }
  }

  async #onLost(session: Session, outcome: SessionOutcome): Promise<void> {
    const ending = this.#init.describeEnd(outcome);
    this.#screen.clearStatus();
    const before = this.#state;
    const settings = await this.#init.settings().catch(() => undefined);
    if (this.#state !== before) {
      // The tab was closed, or a person has opened another session in it.
      return;
    }
    if (settings === undefined || settings.reconnect === "never") {
      this.#end(ending);
      return;
    }
    this.#lostAt = this.#init.clock.now();
    this.#lostText = ending.text;
    this.#lost = { limitedFrom: session.limitedFrom };
    this.#screen.notice(`── ${ending.text} ──`);
    this.#ticket = this.#init.reconnect(session, {
      automatic: settings.reconnect === "auto",
      attempt: (login) => void this.#open(true, login),
      wait: (until) => this.#wait(until),
      waitForOthers: () => this.#wait(undefined, this.#init.phrases.waitingForOthers()),
      stop: () => this.#giveUpOpening(true),
    });
  }

  #onFailed(error: Error, again: boolean): void {
    this.#screen.clearStatus();
    // It was typed for this attempt. The next one may succeed when nobody looks.
    this.#droppedKeys += this.#typedAhead.length;
    this.#typedAhead = "";
    if (again) {
      this.#needsPerson = failureClass(error) === "needs-person" && !CancelledError.is(error);
      if (!CancelledError.is(error)) {
        const { text, warning } = this.#init.describeFailure(error);
        // A server that is away for an hour is told once, not once an attempt.
        if (text !== this.#failureText) {
          this.#failureText = text;
          this.#tell(warning, text);
        }
      }
      this.#ticket?.failed(error);
    } else if (CancelledError.is(error)) {
      this.#close(undefined);
    } else {
      this.#end(this.#init.describeFailure(error));
    }
  }

  #wait(until: number | undefined, line = this.#init.phrases.reconnectByKey(this.#needsPerson)): void {
    const { clock, host, phrases } = this.#init;
    this.#stopTimer();
    this.#setState({ kind: "waiting", until });
    if (until === undefined) {
      this.#screen.status(line);
      return;
    }
    const tick = (): void => {
      const left = until - clock.now();
      if (left > 0) {
        this.#screen.status(phrases.reconnectingIn(Math.ceil(left / 1000)));
        this.#timer = clock.setTimeout(tick, Math.min(left, left % 1000 || 1000));
      } else {
        this.#screen.status(phrases.reconnecting(host));
      }
    };
    tick();
  }

  /** The last line, and the end of the tab or not. */
  #end(ending: Ending): void {
    this.#tell(ending.warning, `[${ending.text}]`);
    if (ending.staysOpen) {
      this.#setState({ kind: "ended", ending });
      this.#screen.status(this.#init.phrases.afterEnd());
    } else {
      this.#close(ending.exitCode);
    }
  }

  #tell(warning: Ending["warning"], text: string): void {
    if (warning !== undefined) {
      this.#screen.warning(...warning);
    }
    this.#screen.notice(text);
  }

  #onInput(text: string): void {
    const state = this.#state;
    switch (state.kind) {
      case "unopened":
      case "closed":
        break;
      case "open":
        this.#init.typing?.typed(this, text);
        this.#link?.input(text);
        break;
      case "opening":
        if (text === CTRL_C || text === CTRL_D) {
          this.#giveUpOpening(state.again);
        } else {
          this.#onTypedAhead(text, !state.again || this.#init.keepsShell());
        }
        break;
      case "waiting":
        if (text === ENTER) {
          this.#ticket?.now();
        } else if (text === ESC || text === CTRL_C || text === CTRL_D) {
          this.#stopTimer();
          this.#giveUpReconnecting();
        } else {
          this.#onTypedAhead(text, false);
        }
        break;
      case "ended":
        if (text === "r" || text === "R") {
          this.#screen.clearStatus();
          void this.#open(false, "attended");
        } else if (text === ENTER || text === CTRL_C || text === CTRL_D) {
          // The person has read how it ended.
          this.#close(undefined);
        }
        break;
    }
  }

  /** @param keeps it is sent when the session opens. What was typed for a lost shell must not run in a fresh one. */
  #onTypedAhead(text: string, keeps: boolean): void {
    if (text.startsWith(ESC)) {
      // It may be an answer to a program that is gone.
      return;
    }
    if (keeps && this.#typedAhead.length + text.length <= mostTypedAhead) {
      this.#typedAhead += text;
    } else {
      this.#droppedKeys += text.length;
    }
  }

  #forgetOutage(): void {
    this.#lostAt = undefined;
    this.#failureText = "";
    this.#needsPerson = false;
    this.#droppedKeys = 0;
  }

  #giveUpOpening(again: boolean): void {
    this.#attempt?.abort(new CancelledError());
    this.#stopTimer();
    this.#typedAhead = "";
    if (again) {
      this.#giveUpReconnecting();
    } else {
      this.#close(undefined);
    }
  }

  #giveUpReconnecting(): void {
    this.#leave();
    this.#screen.clearStatus();
    this.#lost = undefined;
    this.#forgetOutage();
    this.#end({ text: this.#lostText, exitCode: undefined, staysOpen: true });
  }

  #onEscape(session: Session, action: EscapeAction, key: string, escapeCharacter: string): void {
    if (action === "terminate") {
      this.#screen.answer(`${shown(escapeCharacter)}.`);
      this.#hangUp(session);
      return;
    }
    this.#screen.answer(...answerEscape(action, `${shown(escapeCharacter)}${key}`, session, this.#init));
  }

  /** Ends a session as a terminal does that goes away, and in any case soon. */
  #hangUp(session: Session): void {
    if (session.queuedBytes > 0) {
      // The peer takes nothing: it would not hear an orderly end either.
      session.kill();
      return;
    }
    const timer = this.#init.clock.setTimeout(() => session.kill(), endPatience);
    void session.ended.finally(() => timer.dispose());
    void session.disconnect();
  }

  #close(exitCode: 0 | undefined): void {
    if (this.#state.kind !== "closed") {
      this.#toClosed();
      this.#init.close(exitCode);
    }
  }

  #toClosed(): void {
    this.#attempt?.abort(new CancelledError());
    this.#leave();
    this.#stopTimer();
    this.#link?.dispose();
    this.#link = undefined;
    this.#screen.dispose();
    this.#setState({ kind: "closed" });
    this.#stateChanged.dispose();
  }

  /** It no longer waits for a connection. */
  #leave(): void {
    this.#afterEnd?.dispose();
    this.#afterEnd = undefined;
    const ticket = this.#ticket;
    this.#ticket = undefined;
    ticket?.dispose();
  }

  #stopTimer(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  #setState(state: TerminalState): void {
    if (this.#state.kind !== "closed") {
      this.#state = state;
      this.#stateChanged.fire(state);
    }
  }
}

/** A control character as people write it. */
function shown(character: string): string {
  const code = character.charCodeAt(0);
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : character;
}
