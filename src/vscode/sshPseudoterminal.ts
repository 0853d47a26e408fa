import * as vscode from "vscode";
import type { Clock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { printable } from "../base/log.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import type { Session, SessionOutcome, SessionService, SessionSnapshot } from "../session/sessionTypes.ts";
import { closingLine, staysOpen, terminalExitCode } from "./closingLine.ts";

/** Carries bytes between an open session and a terminal. Begins at once; ends with the session, or when disposed. */
export interface TerminalLink extends Disposable {
  /** What the terminal sent: keys, pastes and its answers to queries. */
  input(text: string): void;
  resize(dimensions: Dimensions): void;
  /** Resolves when the session has ended and all of its output has been handed to the terminal. */
  readonly ended: Promise<SessionOutcome>;
}

export type TerminalLinkFactory = (session: Session, write: (text: string) => void) => TerminalLink;

export interface SshTerminalRequest {
  readonly host: string;
  readonly title: string;
  /** In place of the login shell. */
  readonly command?: string;
}

export interface SshPseudoterminalInit {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly request: SshTerminalRequest;
  link: TerminalLinkFactory;
  /** The session did not come about; not called for a cancellation. */
  onFailed(error: Error): void;
  /** The person wants the same again, after an end that he did not ask for. */
  onReopen(): void;
}

/** Until VS Code tells the real size. */
const usualSize: Dimensions = { columns: 80, rows: 24 };

/** A login that is quicker than this says nothing of itself. Milliseconds. */
const patience = 300;

/** One terminal tab, and the session in it. Closing the tab ends the session (hangup) and nothing else. */
export class SshPseudoterminal implements vscode.Pseudoterminal {
  readonly #init: SshPseudoterminalInit;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number | undefined>();
  readonly #renamed = new vscode.EventEmitter<string>();
  readonly #gaveUp = new AbortController();
  #resolveOpened: (snapshot: SessionSnapshot) => void = () => {};
  #rejectOpened: (error: Error) => void = () => {};
  #size: Dimensions = usualSize;
  #sessionId: string | undefined;
  #link: TerminalLink | undefined;
  #notice: Disposable | undefined;
  #outcome: SessionOutcome | undefined;
  #done = false;

  /** Resolves when the session is open; rejects when it never opened, or the tab was closed before. */
  readonly opened: Promise<SessionSnapshot>;
  readonly onDidWrite = this.#written.event;
  readonly onDidClose: vscode.Event<number | undefined> = this.#closed.event;
  readonly onDidChangeName = this.#renamed.event;

  constructor(init: SshPseudoterminalInit) {
    this.#init = init;
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    // Most openers don't wait; a failure is told through `onFailed` as well.
    this.opened.catch(() => {});
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Called by VS Code once it listens: what is written before is lost. */
  open(dimensions: vscode.TerminalDimensions | undefined): void {
    if (dimensions !== undefined) {
      this.#size = dimensions;
    }
    void this.#run();
  }

  /** The tab was closed. */
  close(): void {
    this.#gaveUp.abort(new CancelledError());
    this.#finish(undefined);
    const session = this.#sessionId === undefined ? undefined : this.#init.service.session(this.#sessionId);
    void session?.disconnect();
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#size = dimensions;
    this.#link?.resize(dimensions);
  }

  handleInput(data: string): void {
    if (this.#outcome !== undefined) {
      this.#answerAfterEnd(this.#outcome, data);
    } else if (this.#link !== undefined) {
      this.#link.input(data);
    } else if (data === "\u0003" || data === "\u0004") {
      // Nothing to type into yet; whoever presses Ctrl+C or Ctrl+D now wants out.
      this.#gaveUp.abort(new CancelledError());
    }
  }

  rename(title: string): void {
    this.#renamed.fire(title);
  }

  async #run(): Promise<void> {
    const { request, service, clock } = this.#init;
    this.#notice = this.#showNotice(clock);
    try {
      const asked = this.#size;
      const session = await service.open(
        {
          host: request.host,
          kind: "terminal",
          title: request.title,
          request:
            request.command === undefined ? { type: "shell" } : { type: "exec", command: request.command },
          pty: { term: "xterm-256color", dimensions: asked },
        },
        this.#gaveUp.signal,
      );
      this.#notice.dispose();
      this.#sessionId = session.id;
      // In the same turn in which the session opened: its output starts when someone listens.
      this.#link = this.#init.link(session, (text) => this.#written.fire(text));
      if (this.#size.columns !== asked.columns || this.#size.rows !== asked.rows) {
        this.#link.resize(this.#size);
      }
      this.#resolveOpened(session.snapshot());
      this.#end(await this.#link.ended);
    } catch (thrown) {
      const error = asError(thrown);
      this.#notice.dispose();
      this.#rejectOpened(error);
      this.#finish(undefined);
      if (!CancelledError.is(error) && !this.#gaveUp.signal.aborted) {
        this.#init.onFailed(error);
      }
    }
  }

  #showNotice(clock: Clock): Disposable {
    let shown = false;
    const timer = clock.setTimeout(() => {
      shown = true;
      this.#written.fire(`\u001b[2mConnecting to ${printable(this.#init.request.host)}…\u001b[0m`);
    }, patience);
    return toDisposable(() => {
      timer.dispose();
      if (shown) {
        this.#written.fire("\r\u001b[2K");
      }
    });
  }

  #end(outcome: SessionOutcome): void {
    if (this.#done) {
      return;
    }
    this.#outcome = outcome;
    this.#written.fire(closingLine(this.#init.request.host, outcome));
    if (!staysOpen(outcome)) {
      this.#finish(terminalExitCode(outcome));
    }
  }

  #answerAfterEnd(outcome: SessionOutcome, data: string): void {
    if (data === "r" || data === "R") {
      this.#init.onReopen();
      this.#finish(undefined);
    } else if (data === "\r" || data === "\u0003" || data === "\u0004") {
      this.#finish(terminalExitCode(outcome));
    }
  }

  #finish(exitCode: number | undefined): void {
    if (this.#done) {
      return;
    }
    this.#done = true;
    this.#notice?.dispose();
    this.#link?.dispose();
    this.#rejectOpened(new CancelledError());
    this.#closed.fire(exitCode);
    this.#written.dispose();
    this.#closed.dispose();
    this.#renamed.dispose();
  }
}
