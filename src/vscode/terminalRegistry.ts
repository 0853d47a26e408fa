import * as vscode from "vscode";
import type { Clock } from "../base/clock.ts";
import type { SessionService, SessionSnapshot } from "../session/sessionTypes.ts";
import type { ErrorPresenter } from "./errorPresenter.ts";
import type { RecentHosts } from "./recentHosts.ts";
import { SshPseudoterminal, type SshTerminalRequest, type TerminalLinkFactory } from "./sshPseudoterminal.ts";
import { freeTitle } from "./terminalTitle.ts";

export interface TerminalRegistryInit {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly presenter: ErrorPresenter;
  readonly recent: RecentHosts;
  readonly link: TerminalLinkFactory;
}

export interface OpenSshTerminal {
  readonly title?: string;
  readonly command?: string;
  readonly preserveFocus?: boolean;
  /** False: whoever asked tells the person about a failure. */
  readonly presentFailure?: boolean;
}

/** Opens terminal tabs and finds them again. Keeps no list: VS Code has one, and owns the tabs. */
export class TerminalRegistry {
  readonly #init: TerminalRegistryInit;

  constructor(init: TerminalRegistryInit) {
    this.#init = init;
  }

  /** Opens a tab and, in it, a session. Resolves when the session is open; a failure need not be awaited. */
  open(host: string, options: OpenSshTerminal = {}): Promise<SessionSnapshot> {
    const { pty, terminal } = this.#create(host, options);
    vscode.window.createTerminal(terminal).show(options.preserveFocus ?? false);
    return pty.opened;
  }

  /** What a terminal profile opens: VS Code makes the tab. */
  profile(host: string): vscode.TerminalProfile {
    return new vscode.TerminalProfile(this.#create(host, {}).terminal);
  }

  /** Shows the terminal of a session. @returns false when it has none. */
  reveal(sessionId: string): boolean {
    const terminal = this.#terminalOf(sessionId);
    terminal?.show();
    return terminal !== undefined;
  }

  rename(sessionId: string, title: string): void {
    const terminal = this.#terminalOf(sessionId);
    if (terminal !== undefined) {
      ptyOf(terminal)?.rename(title);
    }
  }

  #terminalOf(sessionId: string): vscode.Terminal | undefined {
    return vscode.window.terminals.find((terminal) => ptyOf(terminal)?.sessionId === sessionId);
  }

  #create(
    host: string,
    options: OpenSshTerminal,
  ): { readonly pty: SshPseudoterminal; readonly terminal: vscode.ExtensionTerminalOptions } {
    const title = options.title ?? freeTitle(host, new Set(vscode.window.terminals.map(({ name }) => name)));
    const request: SshTerminalRequest = {
      host,
      title,
      ...(options.command === undefined ? {} : { command: options.command }),
    };
    const pty = new SshPseudoterminal({
      service: this.#init.service,
      clock: this.#init.clock,
      request,
      link: this.#init.link,
      onFailed: (error) => {
        if (options.presentFailure !== false) {
          void this.#init.presenter.present(error, host, async () => {
            void this.open(host, options);
          });
        }
      },
      onReopen: () => {
        void this.open(host, options);
      },
    });
    void pty.opened.then(
      () => this.#init.recent.add(host),
      () => {},
    );
    return {
      pty,
      // A tab without its connection can't be brought back by VS Code.
      terminal: { name: title, pty, iconPath: new vscode.ThemeIcon("vm"), isTransient: true },
    };
  }
}

/** VS Code keeps the pseudoterminal with its tab, also of tabs that a profile made. */
function ptyOf({ creationOptions }: vscode.Terminal): SshPseudoterminal | undefined {
  const pty = "pty" in creationOptions ? creationOptions.pty : undefined;
  return pty instanceof SshPseudoterminal ? pty : undefined;
}
