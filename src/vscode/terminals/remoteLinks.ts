import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { pathOnServer, pathsIn } from "../../terminal/remotePaths.ts";
import { noDirectoryText, openOnHostText } from "../../text/remoteFileText.ts";
import type { RemotePlace } from "../documents/remoteFileDocuments.ts";
import { inform } from "../messages/messages.ts";
import { ptyOf } from "./sshTerminals.ts";

/** The properties of our terminals that links need. */
export interface LinkedTerminal {
  readonly host: string;
  readonly masterId: string | undefined;
  /** The directory that its shell last reported. */
  readonly directory: string | undefined;
}

/** Undefined: it is not ours. */
export function linkedTerminal(
  terminal: vscode.Terminal,
  service: Pick<SessionService, "session">,
): LinkedTerminal | undefined {
  const pty = ptyOf(terminal);
  if (pty === undefined) {
    return undefined;
  }
  const session = pty.sessionId === undefined ? undefined : service.session(pty.sessionId);
  return {
    host: pty.request.host,
    masterId: session?.snapshot().masterId,
    directory: pty.directory,
  };
}

interface RemoteLink extends vscode.TerminalLink {
  readonly terminal: vscode.Terminal;
  readonly path: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/**
 * Paths in our terminals are paths on the server. VS Code prefers a provider's links to its own, which would open the
 * local file of that name (terminalLinkManager.ts).
 *
 * @param ours undefined for a terminal that is not ours.
 */
export function registerRemoteLinks(
  ours: (terminal: vscode.Terminal) => LinkedTerminal | undefined,
  open: (place: RemotePlace) => Promise<void>,
): Disposable {
  return vscode.window.registerTerminalLinkProvider({
    provideTerminalLinks: ({ terminal, line: text }): RemoteLink[] => {
      const found = ours(terminal);
      return found === undefined
        ? []
        : pathsIn(text).map(({ start, length, path, line, column }) => ({
            startIndex: start,
            length,
            tooltip: openOnHostText(path, found.host),
            ...{ terminal, path, line, column },
          }));
    },
    handleTerminalLink: async ({ terminal, path, line, column }: RemoteLink) => {
      const found = ours(terminal);
      if (found === undefined) {
        return;
      }
      const { host, masterId, directory } = found;
      const onServer = pathOnServer(path, directory);
      if (onServer === undefined) {
        inform(noDirectoryText(path, host));
        return;
      }
      await open({ host, masterId, path: onServer, line, column });
    },
  });
}
