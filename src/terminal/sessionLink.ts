import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import type { Dimensions, OutputKind } from "../engine/connectionEngine.ts";
import type { Session, SessionOutcome } from "../session/sessionTypes.ts";
import { type EscapeAction, EscapeInterpreter } from "./escapeInterpreter.ts";
import { FloodSkipper, type SkipResult } from "./floodSkipper.ts";
import { InputQueue } from "./inputQueue.ts";
import { LocalLine } from "./localLine.ts";
import { MainScreenFilter } from "./mainScreenFilter.ts";
import { OscFilter, type ProgramRequests } from "./oscFilter.ts";
import { ResizeCoalescer } from "./resizeCoalescer.ts";
import type { InputEncoder, StreamingDecoder, TextCodec } from "./streamingDecoder.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";
import type { TerminalScreen } from "./terminalScreen.ts";
import { isReport } from "./typing.ts";

export interface SessionLinkInit {
  readonly clock: Clock;
  readonly session: Session;
  readonly screen: TerminalScreen;
  readonly codec: TextCodec;
  /** One character, or "" for none. */
  readonly escapeCharacter: string;
  /** Nothing is drawn on the alternate screen. */
  readonly mainScreenOnly?: boolean;
  /** The size with which the session's pty was opened. */
  readonly dimensions: Dimensions;
  readonly phrases: TerminalPhrases;
  readonly programs: ProgramRequests;
  onEscape(action: EscapeAction, key: string): void;
}

/** Typed text answers a question of this extension and is not sent to the session. */
interface AskedLine {
  readonly line: LocalLine;
  answer(text: string): Promise<readonly string[]>;
}

/** Keys that interrupt the program that floods the terminal. */
const interrupts: ReadonlyMap<string, string> = new Map([
  ["\u0003", "Ctrl+C"],
  ["\u001c", "Ctrl+\\"],
  ["\u001a", "Ctrl+Z"],
]);
/** After an interrupt, this long without output means that the flood is over. Milliseconds. */
const skipQuiet = 100;
/** The longest time to skip output. Milliseconds. */
const skipLongest = 3000;

/** After a line about a refused key, no other is shown for this long. Milliseconds. */
const refusalQuiet = 2000;

/** One session on a terminal's screen, from its opening to its end. It starts to flow when it is created. */
export class SessionLink implements Disposable {
  readonly #init: SessionLinkInit;
  readonly #store = new DisposableStore();
  readonly #decoders: Record<OutputKind, StreamingDecoder>;
  readonly #encoder: InputEncoder;
  readonly #requests: OscFilter;
  readonly #mainScreen: MainScreenFilter | undefined;
  readonly #escapes: EscapeInterpreter;
  readonly #queue: InputQueue;
  readonly #resizes: ResizeCoalescer;
  /** Undefined where there is a pty. */
  readonly #localLine: LocalLine | undefined;
  #asked: AskedLine | undefined;
  #skipper: FloodSkipper | undefined;
  #skipKey = "";
  #refusedAt = Number.NEGATIVE_INFINITY;
  #saidEof = false;
  #saidTooMuch = false;
  #quiet: Disposable | undefined;
  #skipEnd: Disposable | undefined;

  /** See OscFilter. */
  get directory(): string | undefined {
    return this.#requests.directory;
  }

  constructor(init: SessionLinkInit) {
    this.#init = init;
    const { session, codec, clock } = init;
    this.#decoders = { stdout: codec.createDecoder(), stderr: codec.createDecoder() };
    this.#encoder = codec.createEncoder();
    this.#requests = new OscFilter({
      title: (text) => init.programs.title(text),
      clipboardLimit: () => init.programs.clipboardLimit(),
      copy: (text) => init.programs.copy(text),
      tooMuchToCopy: () => this.#refuseToCopy(),
    });
    this.#mainScreen = init.mainScreenOnly ? new MainScreenFilter() : undefined;
    this.#escapes = new EscapeInterpreter(init.escapeCharacter);
    this.#queue = this.#store.add(new InputQueue(session));
    this.#localLine = session.hasPty ? undefined : new LocalLine();
    this.#resizes = this.#store.add(
      new ResizeCoalescer(clock, init.dimensions, (dimensions) => session.resize(dimensions)),
    );
    this.#store.add(
      session.onDidReceive(({ kind, data }) =>
        this.#output(this.#requests.filter(this.#decoders[kind].write(data))),
      ),
    );
    this.#store.add(session.onDidChangeState(() => this.#noteEof()));
    if (!init.screen.paused) {
      session.resume();
    }
  }

  /** Resolves when the session has ended and all of its output was passed to the terminal. */
  async ended(): Promise<SessionOutcome> {
    const outcome = await this.#init.session.ended;
    if (this.#store.isDisposed) {
      return outcome;
    }
    this.#output(
      this.#requests.filter(this.#decoders.stdout.end() + this.#decoders.stderr.end()) +
        this.#requests.flush(),
    );
    this.#endSkip(this.#skipper?.finish());
    return outcome;
  }

  /** Typed or pasted text, or the terminal's replies to a program. */
  input(text: string): void {
    if (this.#asked !== undefined && !isReport(text)) {
      this.#answerLine(this.#asked, text);
      return;
    }
    for (const step of this.#escapes.interpret(text)) {
      if (step.kind === "action") {
        this.#init.onEscape(step.action, step.key);
        continue;
      }
      if (this.#init.session.eofSent) {
        this.#refuse(step.text);
        continue;
      }
      if (this.#localLine !== undefined) {
        this.#editLine(this.#localLine, step.text);
        continue;
      }
      const wasBlocked = this.#queue.blocked;
      if (!this.#queue.push(this.#encoder.write(step.text))) {
        this.#init.screen.problem(this.#init.phrases.inputDiscarded());
      } else if (interrupts.has(step.text) && !wasBlocked) {
        this.#onInterrupt(step.text);
      }
    }
  }

  /** After EOF nothing more is sent (RFC 4254 section 5.3). Replies of the terminal need no notice. */
  #refuse(text: string): void {
    const { clock, screen, phrases } = this.#init;
    const now = clock.monotonic();
    if (!isReport(text) && now - this.#refusedAt >= refusalQuiet) {
      this.#refusedAt = now;
      screen.problem(phrases.inputAfterEof());
    }
  }

  /**
   * Reads a line that is not for the session. Its output waits meanwhile, as in OpenSSH's process_cmdline.
   * @param typed the escape as people write it
   * @param answer called once, unless it is cancelled or the session ends. Resolves to the lines to show; never
   * rejects.
   */
  askLine(typed: string, prompt: string, answer: (text: string) => Promise<readonly string[]>): void {
    this.#asked = { line: new LocalLine(), answer };
    this.#init.session.pause();
    this.#init.screen.answer(typed);
    this.#init.screen.write(prompt);
  }

  resize(dimensions: Dimensions): void {
    this.#resizes.resize(dimensions);
  }

  /** The screen has enough output. */
  pause(): void {
    if (this.#skipper === undefined) {
      this.#init.session.pause();
    }
  }

  resume(): void {
    if (this.#asked === undefined) {
      this.#init.session.resume();
    }
  }

  dispose(): void {
    this.#store.dispose();
    this.#quiet?.dispose();
    this.#skipEnd?.dispose();
    this.#skipper = undefined;
  }

  #answerLine(asked: AskedLine, text: string): void {
    // The Escape key alone.
    const isLeft = text === "\u001b";
    const { echo, send, eof, interrupt } = asked.line.input(isLeft ? "" : text);
    const { screen } = this.#init;
    if (echo !== "") {
      screen.write(echo);
    }
    if (!send.endsWith("\n") && !eof && !interrupt && !isLeft) {
      return;
    }
    if (eof || isLeft) {
      screen.write("\r\n");
    }
    this.#asked = undefined;
    if (!eof && !interrupt && !isLeft) {
      void this.#show(asked.answer(send.split("\n")[0] ?? ""));
    }
    if (!screen.paused) {
      this.resume();
    }
  }

  async #show(answer: Promise<readonly string[]>): Promise<void> {
    const lines = await answer;
    if (lines.length > 0 && !this.#store.isDisposed) {
      this.#init.screen.answer(...lines);
    }
  }

  #editLine(line: LocalLine, text: string): void {
    const { echo, send, eof, interrupt } = line.input(text);
    const { session, screen, phrases } = this.#init;
    if (echo !== "") {
      screen.write(echo);
    }
    if (send !== "" && !this.#queue.push(this.#encoder.write(send))) {
      screen.problem(phrases.inputDiscarded());
    }
    if (interrupt) {
      session.signal("INT");
    }
    if (eof) {
      session.eof();
    }
  }

  #output(received: string): void {
    const text = this.#localLine?.output(received) ?? this.#mainScreen?.filter(received) ?? received;
    if (text === "") {
      return;
    }
    if (this.#skipper !== undefined) {
      this.#watchQuiet();
      const rest = this.#completeSequence(text);
      if (rest !== "") {
        this.#endSkip(this.#skipper.push(rest));
      }
      return;
    }
    this.#init.screen.write(text);
  }

  /** Passes on the rest of a control sequence that the screen has the start of. @returns the text after it. */
  #completeSequence(text: string): string {
    const { screen } = this.#init;
    let at = 0;
    for (const character of text) {
      if (screen.inGround) {
        break;
      }
      screen.write(character);
      at += character.length;
    }
    return text.slice(at);
  }

  /** Shown once per session, because a program may try again and again. */
  #refuseToCopy(): void {
    if (!this.#saidTooMuch) {
      this.#saidTooMuch = true;
      this.#init.screen.problem(this.#init.phrases.tooMuchToCopy());
    }
  }

  #noteEof(): void {
    const { session, screen, phrases } = this.#init;
    if (session.eofSent && session.state.kind === "open" && !this.#saidEof) {
      this.#saidEof = true;
      screen.notice(phrases.eofSent());
    }
  }

  /** See FloodSkipper. A full-screen program redraws its whole screen: nothing is skipped there. */
  #onInterrupt(key: string): void {
    const { screen, session, clock } = this.#init;
    if (this.#skipper !== undefined || screen.modes.alternateScreen || !screen.flooded) {
      return;
    }
    const skipper = new FloodSkipper(key, screen.modes);
    this.#skipper = skipper;
    this.#skipKey = interrupts.get(key) ?? "";
    this.#skipEnd = clock.setTimeout(() => this.#endSkip(this.#skipper?.finish()), skipLongest);
    this.#watchQuiet();
    screen.withdraw((text) => skipper.begin(text));
    // Output that the session held back may arrive during this call: the skipping may already be over.
    if (this.#skipper === skipper) {
      session.resume();
    }
  }

  #watchQuiet(): void {
    this.#quiet?.dispose();
    this.#quiet = this.#init.clock.setTimeout(() => this.#endSkip(this.#skipper?.finish()), skipQuiet);
  }

  #endSkip(result: SkipResult | undefined): void {
    if (result === undefined) {
      return;
    }
    const { screen, session, phrases } = this.#init;
    this.#skipper = undefined;
    this.#quiet?.dispose();
    this.#skipEnd?.dispose();
    if (screen.paused) {
      session.pause();
    }
    if (result.skipped > 0) {
      screen.skipped(result.controls, phrases.outputSkipped(result.skipped, this.#skipKey));
    }
    screen.giveBack(result.rest, result.withdrawn);
  }
}
