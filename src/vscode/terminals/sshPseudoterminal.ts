import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { printable } from "../../base/log.ts";
import type { Verbosity } from "../../base/verbosity.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import { runCommandLine } from "../../forward/commandLine.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { PersistentShell } from "../../session/persistence.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { Session, SessionSnapshot } from "../../session/sessionTypes.ts";
import { terminalRequest } from "../../session/terminalRequest.ts";
import { FirstSession, type TerminalTab, tabShell } from "../../session/terminalTab.ts";
import { type PrintedPort, PrintedPorts } from "../../terminal/printedPorts.ts";
import { TerminalController } from "../../terminal/terminalController.ts";
import type { OpenAttempt, TerminalSettings } from "../../terminal/terminalControllerTypes.ts";
import type { Typing } from "../../terminal/typing.ts";
import { commandLineAnswer, forwardLines } from "../../text/commandLineText.ts";
import { channelLines, connectionLines } from "../../text/connectionLines.ts";
import {
  describeEnding,
  describeFailure,
  describeWarning,
  terminalPhrases,
} from "../../text/terminalWords.ts";
import type { OpeningTurn } from "./openingTurns.ts";
import type { RemoteClipboard } from "./remoteClipboard.ts";

/** A port whose address a program printed in a terminal. */
export interface TerminalPort extends PrintedPort {
  readonly host: string;
  readonly sessionId: string;
}

export interface SshPseudoterminalInit {
  readonly service: SessionService;
  readonly forwards: ForwardService;
  readonly resolver: HostResolver;
  readonly policies: HostPolicies;
  readonly clock: Clock;
  readonly typing: Typing;
  readonly verbosity: Verbosity;
  readonly clipboard: RemoteClipboard;
  /** The home directory, shown as `~`. */
  readonly home: string;
  readonly request: TerminalTab;
  /** Absent: no other terminal opens with it. */
  readonly turn?: OpeningTurn;
  /** The keeper is to hold the sessions of terminals. */
  keeps(): boolean;
  /** The notice about the host's ssh_config, if there is anything new. */
  configNotice(config: HostConfig): string | undefined;
  /** The first session could not be opened; not called for a cancellation. */
  onFailed(error: Error): void;
  /** Its session has ended, and a reload must not bring it back. */
  onFinished(): void;
  /** A program printed the address of a web server on the server's loopback; perhaps not for the first time. */
  onPrintedPort(port: TerminalPort): void;
  /** Each further session of this tab has a new id. */
  onSession(id: string): void;
}

/**
 * One terminal tab on top of the vscode-free controller. Closing the tab ends its session (hangup) and nothing else.
 */
export class SshPseudoterminal implements vscode.Pseudoterminal {
  readonly #init: SshPseudoterminalInit;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number | undefined>();
  readonly #renamed = new vscode.EventEmitter<string>();
  readonly #controller: TerminalController;
  readonly #printed = new PrintedPorts();
  readonly #first = new FirstSession();
  readonly opened: Promise<SessionSnapshot> = this.#first.opened;
  #title: string;
  /** As the server sent it. */
  #remoteTitle = "";
  #sessionId: string | undefined;
  #isElsewhere = false;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose: vscode.Event<number | undefined> = this.#closed.event;
  readonly onDidChangeName = this.#renamed.event;

  constructor(init: SshPseudoterminalInit) {
    this.#init = init;
    this.#title = init.request.title;
    const { clock, typing, request, home } = init;
    const program = request.command === undefined ? "shell" : "command";
    this.#controller = new TerminalController({
      clock,
      typing,
      host: request.host,
      phrases: terminalPhrases(program),
      programs: {
        title: (text) => {
          this.#remoteTitle = text;
        },
        clipboardLimit: () => init.clipboard.limit(request, request.folder),
        copy: (text) => init.clipboard.copy(text, request, request.folder),
      },
      settings: () => this.#settings(),
      openSession: (attempt) => this.#openSession(attempt),
      reconnect: (lost, terminal) => init.service.reconnect(lost, terminal),
      write: (text) => {
        this.#written.fire(text);
        this.#findPorts(text);
      },
      close: (exitCode) => this.#closed.fire(exitCode),
      describeEnd: (outcome, life) => {
        this.#isElsewhere = outcome.kind === "moved";
        const survives = this.persistent !== undefined;
        return describeEnding(request.host, outcome, { program, life, survives });
      },
      describeFailure: (error) => {
        this.#first.failed(error);
        return describeFailure(request.host, error, home);
      },
      describeWarning,
      connectionInfo: (session) => connectionLines(session, init.service.masters(), clock.now()),
      channelList: (session) => [
        ...channelLines(session, init.service.masters(), clock.now()),
        ...forwardLines(init.forwards.forwards(), session.snapshot().masterId),
      ],
      commandLine: async (session, line) => {
        const { masterId } = session.snapshot();
        const place = { host: request.host, folder: request.folder, masterId };
        return commandLineAnswer(await runCommandLine(line, place, init.forwards));
      },
      rekey: (session) => init.service.rekey(session.snapshot().masterId ?? ""),
      changeVerbosity: (session, by) => init.verbosity.change(session.snapshot().masterId ?? session.id, by),
    });
    this.#controller.onDidChangeState((state) => {
      if (state.kind === "open") {
        this.#sessionId = state.session.id;
        this.#isElsewhere = false;
        this.#remoteTitle = "";
        init.onSession(state.session.id);
        this.#first.resolve(state.session.snapshot());
      } else if (state.kind === "ended" || state.kind === "closed") {
        this.#onOver();
        if (state.kind === "ended" && state.ending.isFinal) {
          init.onFinished();
        }
      }
    });
  }

  #findPorts(text: string): void {
    const { host } = this.#init.request;
    const sessionId = this.#sessionId;
    if (sessionId !== undefined) {
      for (const port of this.#printed.push(text)) {
        this.#init.onPrintedPort({ host, sessionId, ...port });
      }
    }
  }

  /** The session that is or was last in this tab. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Another window has taken its session: closing this tab ends nothing. */
  get isElsewhere(): boolean {
    return this.#isElsewhere;
  }

  /** The name of the tab and of the row. */
  get title(): string {
    return this.#title;
  }

  /** The title that its program has set, as the server sent it; "" if there is none. */
  get remoteTitle(): string {
    return this.#remoteTitle;
  }

  /** The directory on the server that its shell last reported. */
  get directory(): string | undefined {
    return this.#controller.directory;
  }

  get request(): TerminalTab {
    return this.#init.request;
  }

  /** The command that ends the shell of this tab on the server, if it survives the connection. */
  get persistent(): PersistentShell | undefined {
    return tabShell(this.#init.request, this.#init.policies);
  }

  /** Called by VS Code once it listens: earlier output is lost. */
  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#controller.open(dimensions);
  }

  close(): void {
    this.#controller.dispose();
    this.#onOver();
    this.#written.dispose();
    this.#closed.dispose();
    this.#renamed.dispose();
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#controller.resize(dimensions);
  }

  handleInput(data: string): void {
    this.#controller.input(data);
  }

  /** The same as R in a tab whose session has ended. @returns false when the tab is closed. */
  openAgain(): boolean {
    this.#controller.input("r");
    return this.#controller.state.kind !== "closed";
  }

  /** If another window has taken its session, this one gets it again. */
  takeBack(): void {
    if (this.#isElsewhere) {
      this.openAgain();
    }
  }

  rename(title: string): void {
    this.#title = title;
    this.#renamed.fire(printable(title));
  }

  async #settings(): Promise<TerminalSettings> {
    const { resolver, policies, request } = this.#init;
    const { escapeChar, forwarding } = await resolver.resolve(request.host);
    return {
      escapeChar,
      escapeCommandLine: forwarding.escapeCommandLine,
      encoding: policies.get("encoding", request, request.folder).value,
      reconnect: policies.get("reconnect", request, request.folder).value,
      mainScreenOnly: this.persistent?.mainScreenOnly === true,
    };
  }

  async #openSession(attempt: OpenAttempt): Promise<Session> {
    try {
      return await this.#openInTurn(attempt);
    } finally {
      this.#init.turn?.pass();
    }
  }

  async #openInTurn({ dimensions, signal, login, inPlaceOf, onLogin }: OpenAttempt): Promise<Session> {
    const { service, request, resolver, turn } = this.#init;
    const config = await resolver.resolve(request.host, signal);
    const notice = this.#init.configNotice(config);
    if (notice !== undefined) {
      this.#controller.notice(notice);
    }
    const command = request.command ?? this.persistent?.attach;
    await turn?.ready;
    return await service.open(
      {
        host: request.host,
        kind: "terminal",
        title: this.#title,
        ...(request.folder && { folder: request.folder }),
        ...terminalRequest(config, command, dimensions),
        login,
        ...(inPlaceOf && { inPlaceOf }),
        ...(this.#isKept && { keep: request.shellName }),
        onLogin,
        onConnection: () => turn?.pass(),
      },
      signal,
    );
  }

  /** A command is not repeated after a reload, and the keeper's screen reads UTF-8. */
  get #isKept(): boolean {
    const { keeps, request, policies } = this.#init;
    const { value } = policies.get("encoding", request, request.folder);
    return keeps() && request.command === undefined && /^utf-?8$/i.test(value);
  }

  #onOver(): void {
    this.#init.turn?.pass();
    const failure = this.#first.over();
    if (failure !== undefined) {
      this.#init.onFailed(failure);
    }
  }
}
