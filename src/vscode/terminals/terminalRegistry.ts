import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Logger } from "../../base/log.ts";
import type { Verbosity } from "../../base/verbosity.ts";
import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { endShell } from "../../session/run/endShell.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../../session/sessionTypes.ts";
import { afterTab, reopening, terminalTab } from "../../session/terminalTab.ts";
import { Typing } from "../../terminal/typing.ts";
import { reopenQuestion, reopenWords } from "../../text/reopenText.ts";
import { freeTitle, tabName } from "../../text/terminalTitle.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";
import type { ConfigNotices } from "../prompts/configNotices.ts";
import type { ErrorPresenter } from "../prompts/errorPresenter.ts";
import { contextKeys, extensionId, terminalProfileId } from "../settings/contributionIds.ts";
import type { RecentHosts } from "../settings/recentHosts.ts";
import { connectionTarget, hostTarget, liveTarget, sessionTarget, type Target } from "../views/targets.ts";
import { bringToFront } from "./bringToFront.ts";
import type { CalledTerminal } from "./calledTerminalTypes.ts";
import type { KeptTerminals } from "./keptTerminals.ts";
import { type OpeningTurn, OpeningTurns } from "./openingTurns.ts";
import type { RemoteClipboard } from "./remoteClipboard.ts";
import { SshPseudoterminal, type SshPseudoterminalInit } from "./sshPseudoterminal.ts";
import { closedBy, isInFront, ptyOf, type SshTerminal, terminalOf, terminalTarget } from "./sshTerminals.ts";
import type { RememberedTerminal, TerminalMemory } from "./terminalMemory.ts";
import { TerminalNames } from "./terminalNames.ts";
import { placeOf, TerminalPlaces } from "./terminalPlaces.ts";

export interface TerminalRegistryInit extends Pick<SshPseudoterminalInit, "onPrintedPort" | "keeps"> {
  readonly service: SessionService;
  readonly forwards: ForwardService;
  readonly resolver: HostResolver;
  readonly settings: SettingsPort;
  readonly policies: HostPolicies;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly verbosity: Verbosity;
  readonly clipboard: RemoteClipboard;
  readonly presenter: ErrorPresenter;
  readonly notices: ConfigNotices;
  readonly recent: RecentHosts;
  readonly memory: TerminalMemory;
  readonly kept: KeptTerminals;
  readonly messages: PassingMessages;
  /** `sshSessions.reopenTerminals` is `auto`. */
  reopensByItself(): boolean;
  /** `sshSessions.terminalTitle`. */
  titleTemplate(): string | undefined;
  readonly home: string;
}

export interface OpenSshTerminal {
  readonly title?: string;
  readonly command?: string;
  readonly preserveFocus?: boolean;
  /** False: the caller shows failures to the user. */
  readonly presentFailure?: boolean;
  /** Attach to the shell of this name, if shells survive connections. Default: a new name. */
  readonly shellName?: string;
  /** Default: a tab of its own in the panel. */
  readonly location?: vscode.ExtensionTerminalOptions["location"];
  /** The shell name of the terminal beside which it is a pane. */
  readonly splitOf?: string;
  /** Its place among the terminals that open with it. */
  readonly turn?: OpeningTurn;
}

/** Opens terminal tabs and finds them again. It keeps no list, because VS Code owns the tabs and lists them. */
export class TerminalRegistry implements Disposable {
  readonly #init: TerminalRegistryInit;
  readonly #typing: Typing;
  readonly #store = new DisposableStore();
  readonly #fromProfile = new WeakSet<SshPseudoterminal>();
  readonly #names: TerminalNames;
  readonly #turns = new OpeningTurns();
  /** The next terminal of the profile, if we caused it to open. */
  #beside: { readonly host: string; readonly options: OpenSshTerminal } | undefined;
  readonly #tabs = new WeakMap<SshTerminal, vscode.Terminal>();

  constructor(init: TerminalRegistryInit) {
    this.#init = init;
    this.#typing = new Typing(init.clock);
    this.#names = this.#store.add(
      new TerminalNames(
        init.clock,
        (pty) => this.#tabName(pty),
        (pty, name) => this.#onRenamed(pty, name),
      ),
    );
    this.#store.add(new TerminalPlaces(init.memory));
    this.#store.add(vscode.window.onDidOpenTerminal((terminal) => this.#onOpened(terminal)));
    this.#store.add(vscode.window.onDidCloseTerminal((terminal) => this.#onClosed(terminal)));
    this.#store.add(vscode.window.onDidChangeActiveTerminal(() => this.#noteContext()));
  }

  /** Opens a tab with a session. Resolves when the session is open; a failure need not be awaited. */
  open(host: string, options: OpenSshTerminal = {}): Promise<SessionSnapshot> {
    const { pty, terminal } = this.#create(host, options);
    vscode.window.createTerminal(terminal).show(options.preserveFocus ?? false);
    return pty.opened;
  }

  /** The profile's terminal: VS Code makes the tab. */
  profile(host: string, options: OpenSshTerminal = {}): vscode.TerminalProfile {
    const { pty, terminal } = this.#create(host, options);
    this.#fromProfile.add(pty);
    return new vscode.TerminalProfile(terminal);
  }

  /** Shows the terminal of a session. @returns false when it has none. */
  reveal(sessionId: string): boolean {
    const terminal = this.terminalOf(sessionId);
    terminal?.show();
    return terminal !== undefined;
  }

  /** See PersistentShell. */
  historyOf(like: SshTerminal): string | undefined {
    const terminal = this.#tabs.get(like);
    return terminal && ptyOf(terminal)?.persistent?.history;
  }

  /** Shows the terminal of a session of the keeper. @returns false when it has none in this window. */
  revealKept(shellName: string): boolean {
    const terminal = vscode.window.terminals.find((each) => ptyOf(each)?.request.shellName === shellName);
    terminal?.show();
    void (terminal && ptyOf(terminal)?.takeBack());
    return terminal !== undefined;
  }

  rename(sessionId: string, title: string): void {
    const terminal = this.terminalOf(sessionId);
    const pty = terminal && ptyOf(terminal);
    if (terminal !== undefined && pty !== undefined) {
      pty.rename(title);
      this.#init.memory.renamed(pty.request.shellName, title);
      this.#names.update();
    }
  }

  /** What the menu of a terminal passes to a command. Undefined: `argument` is not a terminal of this window. */
  called(argument: unknown): CalledTerminal | undefined {
    const tab = terminalOf(argument);
    const terminal = tab && this.#sshTerminal(tab);
    return terminal === undefined
      ? tab && { kind: "other" }
      : { kind: "ours", targets: this.#targets(terminal) };
  }

  /** The targets that the active terminal offers to commands; empty: it is not ours. */
  activeTargets(): readonly Target[] {
    const terminal = this.active();
    return terminal === undefined ? [] : this.#targets(terminal);
  }

  /** The active terminal; undefined: it is not ours. */
  active(): SshTerminal | undefined {
    const { activeTerminal } = vscode.window;
    return activeTerminal && this.#sshTerminal(activeTerminal);
  }

  /** Opens a second session like that of the terminal: in its own tab, or beside it. */
  async openLike(like: SshTerminal, place: "beside" | "own tab"): Promise<void> {
    const terminal = this.#tabs.get(like);
    const request = terminal && ptyOf(terminal)?.request;
    if (terminal === undefined || request === undefined) {
      return;
    }
    const { host, command, shellName } = request;
    const options = { ...(command !== undefined && { command, title: command }) };
    if (place === "own tab") {
      // The terminal itself shows a failure.
      this.open(host, options).catch(() => {});
      return;
    }
    await bringToFront(terminal);
    this.#beside = { host, options: { ...options, splitOf: shellName } };
    try {
      // TerminalOptions.location.parentTerminal has no effect for an existing terminal: VS Code looks it up by an id
      // that it had before (_deserializeParentTerminal). Its own command splits with a profile, which calls us back.
      await vscode.commands.executeCommand("workbench.action.terminal.split", {
        config: { extensionIdentifier: extensionId, id: terminalProfileId, title: host, icon: "vm" },
      });
    } finally {
      this.#beside = undefined;
    }
  }

  /** The terminal that the profile opens on behalf of `openLike`. */
  takeBeside(): vscode.TerminalProfile | undefined {
    const wanted = this.#beside;
    this.#beside = undefined;
    return wanted && this.profile(wanted.host, wanted.options);
  }

  /** After a reload of the window, opens or offers the terminals from before it, as a row of the Live view does. */
  async offerAgain(): Promise<void> {
    const { memory, kept, messages } = this.#init;
    await kept.reopen((terminal) => this.#reopen(terminal));
    const next = reopening(memory.before.length, this.#init.reopensByItself());
    if (next !== "ask") {
      if (next === "open") {
        this.reopen();
      }
      return;
    }
    const words = reopenWords();
    const offered = new Set(memory.before.map(({ shellName }) => shellName));
    const answer = await messages.offer({
      text: reopenQuestion(memory.before.map(({ host }) => host)),
      actions: [words.reopen, words.forget],
      isTrue: () => memory.before.some(({ shellName }) => offered.has(shellName)),
    });
    if (answer === words.reopen) {
      this.reopen();
    } else if (answer === words.forget) {
      memory.dismiss();
    }
  }

  /** The terminals from before the reload that were neither opened again nor forgotten. */
  fromBefore(): readonly RememberedTerminal[] {
    return this.#init.memory.before;
  }

  /** Opens the terminals from before the reload, or some of them. Shells that survived it are attached again. */
  reopen(wanted?: (terminal: RememberedTerminal) => boolean): void {
    for (const terminal of this.#init.memory.take(wanted)) {
      this.#reopen(terminal);
    }
  }

  /** Its tab shows a failure, and a message if the tab is not active. */
  #reopen({ host, ...terminal }: RememberedTerminal): void {
    const location = placeOf(terminal);
    this.open(host, { ...terminal, preserveFocus: true, location, turn: this.#turns.next() }).catch(() => {});
  }

  /** They are no longer offered. Their programs on the servers keep running. */
  forget(): void {
    this.#init.memory.dismiss();
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Not coalesced: the next key must find the context key up to date. */
  #noteContext(): void {
    const { activeTerminal } = vscode.window;
    const put = (key: string, value: boolean): void =>
      void vscode.commands.executeCommand("setContext", key, value);
    put(contextKeys.activeTerminal, activeTerminal !== undefined && ptyOf(activeTerminal) !== undefined);
    put(
      contextKeys.hasTerminals,
      vscode.window.terminals.some((terminal) => ptyOf(terminal) !== undefined),
    );
  }

  #targets(terminal: SshTerminal): readonly Target[] {
    const { host, sessionId } = terminal;
    // A lost session belongs to the connection that reconnects.
    const master = this.#init.service
      .masters()
      .find(({ sessions }) => sessions.some(({ id }) => id === sessionId));
    return [
      terminalTarget.of(terminal),
      hostTarget.of(host),
      ...(sessionId === undefined ? [] : [sessionTarget.of(sessionId), liveTarget.of([sessionId])]),
      ...(master === undefined ? [] : [connectionTarget.of(master.id)]),
    ];
  }

  /** Undefined: it is not ours. */
  #sshTerminal(tab: vscode.Terminal): SshTerminal | undefined {
    const pty = ptyOf(tab);
    if (pty === undefined) {
      return undefined;
    }
    const { sessionId } = pty;
    const terminal = { host: pty.request.host, ...(sessionId === undefined ? {} : { sessionId }) };
    this.#tabs.set(terminal, tab);
    return terminal;
  }

  /** Renamed by VS Code's own command. */
  #onRenamed(pty: SshPseudoterminal, name: string): void {
    pty.rename(name);
    this.#init.memory.renamed(pty.request.shellName, name);
    if (pty.sessionId !== undefined) {
      this.#init.service.session(pty.sessionId)?.rename(name);
    }
  }

  terminalOf(sessionId: string): vscode.Terminal | undefined {
    return vscode.window.terminals.find((terminal) => ptyOf(terminal)?.sessionId === sessionId);
  }

  #create(
    host: string,
    options: OpenSshTerminal,
  ): { readonly pty: SshPseudoterminal; readonly terminal: vscode.ExtensionTerminalOptions } {
    const { service, forwards, resolver, settings, policies, clock, home, memory } = this.#init;
    const { presenter, recent, onPrintedPort, keeps } = this.#init;
    const { folder } = settings;
    const title = options.title ?? freeTitle(host, this.#takenTitles());
    const request = terminalTab({
      ...{ host, title, folder, command: options.command },
      shellName: options.shellName ?? `vscode-${randomBytes(6).toString("hex")}`,
    });
    const pty = new SshPseudoterminal({
      ...{ service, forwards, resolver, policies, clock, home, request, onPrintedPort, keeps },
      ...(options.turn && { turn: options.turn }),
      typing: this.#typing,
      verbosity: this.#init.verbosity,
      clipboard: this.#init.clipboard,
      configNotice: (config) => this.#init.notices.take(config),
      onFailed: (error) => {
        if (options.presentFailure !== false) {
          void presenter.presentTerminalFailure(error, host, isInFront(pty), async () => {
            if (!pty.openAgain()) {
              void this.open(host, options);
            }
          });
        }
      },
      onFinished: () => memory.closed(request.shellName),
      onSession: () => {
        if (request.command === undefined) {
          const { splitOf } = options;
          memory.opened({
            host,
            title: pty.title,
            shellName: request.shellName,
            ...(splitOf && { splitOf }),
          });
        }
      },
    });
    // What the user tried is listed even if the login fails; the host of another extension must work first.
    const isAsked = options.presentFailure !== false;
    void Promise.all([pty.opened, isAsked ? recent.addTried(host) : undefined]).then(
      () => (isAsked ? recent.addWorking(host) : recent.add(host)),
      () => {},
    );
    return {
      pty,
      // VS Code can't restore the tab: the memory does.
      terminal: {
        ...{ name: this.#tabName(pty), pty, iconPath: new vscode.ThemeIcon("vm"), isTransient: true },
        ...(options.location !== undefined && { location: options.location }),
      },
    };
  }

  #tabName({ title: name, request, remoteTitle }: SshPseudoterminal): string {
    return tabName(this.#init.titleTemplate(), { name, host: request.host, remoteTitle });
  }

  /** The template may change a tab's name, so compare titles. */
  #takenTitles(): ReadonlySet<string> {
    return new Set(
      vscode.window.terminals.flatMap((terminal) => [terminal.name, ptyOf(terminal)?.title ?? ""]),
    );
  }

  /** VS Code tries to focus a profile's tab before it exists (createContributedTerminalProfile). */
  #onOpened(terminal: vscode.Terminal): void {
    const pty = ptyOf(terminal);
    this.#noteContext();
    if (pty !== undefined && this.#fromProfile.delete(pty)) {
      terminal.show();
    }
  }

  #onClosed(terminal: vscode.Terminal): void {
    const pty = ptyOf(terminal);
    this.#noteContext();
    if (pty === undefined || pty.isElsewhere) {
      return;
    }
    const endCommand = pty.sessionId === undefined ? undefined : pty.persistent?.end;
    const by = closedBy(terminal.exitStatus?.reason);
    const { forget, endShell: end } = afterTab(by, endCommand);
    this.#init.kept.closed(pty.request.shellName, by);
    if (forget) {
      this.#init.memory.closed(pty.request.shellName);
    }
    if (end !== undefined) {
      void endShell(this.#init.service, pty.request, end, this.#init.logger);
    }
  }
}
