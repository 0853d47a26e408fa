/**
 * A terminal tab without VS Code: one remote session after another on one screen. Its methods are those of
 * vscode.Pseudoterminal; `dispose` is for a closed tab, and hangs up the session.
 *
 * Nothing is written before `open`. `init.close` is called at most once, when the tab should close; after `dispose`
 * nothing is called any more. `state` is a union with one event; `session` is the open session.
 */
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import { failureClass } from "../reconnect/failureClass.ts";
import type { LoginMode, ReconnectTicket } from "../reconnect/reconnectTypes.ts";
import { mayBeShutdown, mayReconnect } from "../session/sessionLoss.ts";
import type { Session, SessionOutcome } from "../session/sessionTypes.ts";
import { answerEscape, shownKey } from "./escapeAnswers.ts";
import type { EscapeAction } from "./escapeInterpreter.ts";
import { hangUp, leaveOrHangUp } from "./hangUp.ts";
import { idleKey } from "./idleKeys.ts";
import { Outage } from "./outage.ts";
import { SessionLink } from "./sessionLink.ts";
import { type SessionSetup, sessionSetup } from "./sessionSetup.ts";
import { SessionUse } from "./sessionUse.ts";
import { StatusLine } from "./statusLine.ts";
import type { Ending, TerminalControllerInit, TerminalState } from "./terminalControllerTypes.ts";
import { TerminalScreen } from "./terminalScreen.ts";
import { TypedAhead } from "./typedAhead.ts";

export class TerminalController implements Disposable {
  readonly #init: TerminalControllerInit;
  readonly #screen: TerminalScreen;
  readonly #status: StatusLine;
  readonly #stateChanged = new Emitter<TerminalState>();
  #state: TerminalState = { kind: "unopened" };
  /** Until VS Code reports the real size. */
  #dimensions: Dimensions = { columns: 80, rows: 24 };
  #attempt: AbortController | undefined;
  #link: SessionLink | undefined;
  readonly #typedAhead = new TypedAhead();
  readonly #outage = new Outage();
  #ticket: ReconnectTicket | undefined;
  readonly #use = new SessionUse();
  /** Watches whether an ended session turns out to be lost. */
  #afterEnd: Disposable | undefined;

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
    this.#status = new StatusLine(init.clock, this.#screen, init.phrases, init.host);
  }

  get state(): TerminalState {
    return this.#state;
  }

  /** The directory on the server that the shell of this session last reported. */
  get directory(): string | undefined {
    return this.#link?.directory;
  }

  /** VS Code is listening now. Opens the first session. */
  open(dimensions: Dimensions | undefined): void {
    if (this.#state.kind !== "unopened") {
      return;
    }
    this.#dimensions = dimensions ?? this.#dimensions;
    void this.#open(false, "attended");
  }

  /** Input from the terminal: keys, pastes, and its replies. */
  input(data: string): void {
    if (this.#state.kind !== "closed" && this.#state.kind !== "unopened") {
      this.#screen.receive(data);
    }
  }

  resize(dimensions: Dimensions): void {
    this.#dimensions = dimensions;
    this.#link?.resize(dimensions);
  }

  /** A dim line of our own, at the next place where it does no harm. Plain text. */
  notice(line: string): void {
    if (this.#state.kind !== "closed" && this.#state.kind !== "unopened") {
      this.#screen.notice(line);
    }
  }

  /** The tab was closed: hangs up the session. */
  dispose(): void {
    const { session } = this;
    this.#toClosed();
    if (session !== undefined) {
      // Output that nothing reads any more must not block the close.
      session.resume();
      leaveOrHangUp(session, this.#init.clock);
    }
  }

  /** The open session. */
  get session(): Session | undefined {
    return this.#state.kind === "open" ? this.#state.session : undefined;
  }

  async #open(again: boolean, login: LoginMode): Promise<void> {
    this.#status.stop();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#setState({ kind: "opening", again });
    this.#status.opening(again);
    const dimensions = this.#dimensions;
    try {
      const setup = sessionSetup(this.#init.settings(), this.#init.phrases);
      const inPlaceOf = this.#outage.lost;
      const session = await this.#init.openSession({
        dimensions,
        signal: attempt.signal,
        login,
        inPlaceOf,
        onLogin: (news) => {
          if (!attempt.signal.aborted) {
            this.#status.login(news);
          }
        },
      });
      if (attempt.signal.aborted) {
        hangUp(session, this.#init.clock);
        return;
      }
      const warnings = session.onDidWarn((warning) =>
        this.#screen.problem(this.#init.describeWarning(warning)),
      );
      const prepared = await setup;
      if (attempt.signal.aborted) {
        warnings.dispose();
        hangUp(session, this.#init.clock);
        return;
      }
      this.#status.stop();
      await this.#run(session, { ...prepared, dimensions }).finally(() => warnings.dispose());
    } catch (thrown) {
      if (!attempt.signal.aborted) {
        this.#status.stop();
        this.#onFailed(asError(thrown), again);
      }
    }
  }

  async #run(session: Session, setup: SessionSetup & { readonly dimensions: Dimensions }): Promise<void> {
    const { clock } = this.#init;
    this.#screen.clearStatus();
    this.#leave();
    const line = this.#init.phrases.opened(this.#outage.end(clock.now()), this.#typedAhead.takeDropped());
    if (line !== undefined) {
      this.#screen.notice(line);
    }
    if (setup.complaint !== undefined) {
      this.#screen.problem(setup.complaint);
    }
    if (session.ptyRefused) {
      this.#screen.problem(this.#init.phrases.ptyRefused());
    }
    this.#setState({ kind: "open", session });
    this.#use.begin(clock.monotonic());
    const link = new SessionLink({
      clock,
      session,
      screen: this.#screen,
      ...setup,
      phrases: this.#init.phrases,
      programs: this.#init.programs,
      onEscape: (action, key) => this.#onEscape(session, action, key, setup),
    });
    this.#link = link;
    link.resize(this.#dimensions);
    const typedAhead = this.#typedAhead.take();
    if (typedAhead !== "") {
      this.#use.input(typedAhead);
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
    const life = this.#use.life(this.#init.clock.monotonic(), session);
    // A session that a signal ended may turn out to be lost, now or a moment later.
    const outcome = session.state.kind === "ended" ? session.state.outcome : said;
    this.#screen.restore();
    if (mayReconnect(outcome)) {
      await this.#onLost(session, outcome);
    } else if (mayBeShutdown(outcome)) {
      this.#end({ ...this.#init.describeEnd(outcome, life), staysOpen: true });
      const ended = this.#state;
      this.#afterEnd = session.onDidChangeState((state) => {
        if (this.#state === ended && state.kind === "ended" && mayReconnect(state.outcome)) {
          void this.#onLost(session, state.outcome);
        }
      });
    } else {
      this.#end(this.#init.describeEnd(outcome, life));
    }
  }

  async #onLost(session: Session, outcome: SessionOutcome): Promise<void> {
    const ending = this.#init.describeEnd(outcome);
    this.#screen.clearStatus();
    const before = this.#state;
    const settings = await this.#init.settings().catch(() => undefined);
    if (this.#state !== before) {
      // The tab was closed, or the user has opened another session in it.
      return;
    }
    if (settings === undefined || settings.reconnect === "never") {
      this.#end(ending);
      return;
    }
    this.#outage.begin(this.#init.clock.now(), ending.text, { limitedFrom: session.limitedFrom });
    this.#screen.problem(`── ${ending.text} ──`);
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
    this.#typedAhead.drop();
    if (again) {
      if (CancelledError.is(error)) {
        this.#outage.attemptCancelled();
      } else {
        const { text, warning } = this.#init.describeFailure(error);
        if (this.#outage.attemptFailed(text, failureClass(error) === "needs-person")) {
          this.#screen.problem(text, warning);
        }
      }
      this.#ticket?.failed(error);
    } else if (CancelledError.is(error) && error.reason === "cancelled") {
      this.#close(undefined);
    } else {
      this.#end(this.#init.describeFailure(error));
    }
  }

  #wait(until: number | undefined, line = this.#init.phrases.reconnectByKey(this.#outage.needsPerson)): void {
    this.#status.stop();
    this.#setState({ kind: "waiting", until });
    if (until === undefined) {
      this.#screen.status(line);
    } else {
      this.#status.countDown(until);
    }
  }

  /** Prints the final message, and closes the tab or keeps it open to be read. */
  #end(ending: Ending): void {
    this.#screen.problem(`[${ending.text}]`, ending.warning);
    if (ending.staysOpen) {
      this.#setState({ kind: "ended", ending });
      this.#screen.status(this.#init.phrases.afterEnd());
    } else {
      this.#close(ending.exitCode);
    }
  }

  #onInput(text: string): void {
    const state = this.#state;
    switch (state.kind) {
      case "unopened":
      case "closed":
        break;
      case "open":
        this.#use.input(text);
        this.#init.typing?.typed(this, text);
        this.#link?.input(text);
        break;
      case "opening":
      case "waiting":
      case "ended":
        this.#onIdleKey(state, text);
        break;
    }
  }

  #onIdleKey(state: Extract<TerminalState, { kind: "opening" | "waiting" | "ended" }>, text: string): void {
    switch (idleKey(state.kind, text)) {
      case "cancel":
        if (state.kind === "opening") {
          this.#giveUpOpening(state.again);
        } else {
          this.#status.stop();
          this.#giveUpReconnecting();
        }
        break;
      case "reconnect now":
        this.#ticket?.now();
        break;
      case "reopen":
        this.#screen.clearStatus();
        this.#typedAhead.reopens();
        void this.#open(false, "attended");
        break;
      case "close":
        this.#close(undefined);
        break;
      case "typed":
        if (state.kind !== "ended") {
          this.#typedAhead.add(text, state.kind === "opening" && !state.again);
        }
        break;
    }
  }

  #giveUpOpening(again: boolean): void {
    this.#attempt?.abort(new CancelledError());
    this.#status.stop();
    this.#typedAhead.take();
    if (again) {
      this.#giveUpReconnecting();
    } else {
      this.#close(undefined);
    }
  }

  #giveUpReconnecting(): void {
    this.#leave();
    this.#screen.clearStatus();
    this.#outage.end(this.#init.clock.now());
    this.#typedAhead.takeDropped();
    this.#end({ text: this.#outage.text, exitCode: undefined, staysOpen: true });
  }

  #onEscape(session: Session, action: EscapeAction, key: string, setup: SessionSetup): void {
    const typed = `${shownKey(setup.escapeCharacter)}${key}`;
    if (action === "terminate") {
      this.#screen.answer(typed);
      hangUp(session, this.#init.clock);
    } else if (action === "command-line" && setup.escapeCommandLine) {
      this.#link?.askLine(typed, "ssh> ", async (line) => await this.#init.commandLine(session, line));
    } else {
      this.#screen.answer(...answerEscape(action, typed, session, this.#init));
    }
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
    this.#status.stop();
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

  #setState(state: TerminalState): void {
    if (this.#state.kind !== "closed") {
      this.#state = state;
      this.#stateChanged.fire(state);
    }
  }
}
