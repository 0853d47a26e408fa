import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { noOpenSession, noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { ExtensionAccessError } from "../prompts/extensionAccessErrors.ts";
import { type CommandId, commandIds } from "../settings/contributionIds.ts";
import { terminalOf } from "../terminals/sshTerminals.ts";
import { rowClick } from "../views/rowClicks.ts";
import type { TerminalNode } from "../views/treeNodes.ts";
import { clearEnded } from "./clearEnded.ts";
import type { CommandContext, CommandHandler } from "./commandContext.ts";
import { connect } from "./connect.ts";
import { copySshCommand } from "./copySshCommand.ts";
import { disconnect } from "./disconnect.ts";
import { disconnectAll } from "./disconnectAll.ts";
import { duplicateSession } from "./duplicateSession.ts";
import { explainHost } from "./explainHost.ts";
import { explainTimeouts } from "./explainTimeouts.ts";
import { extendLimits } from "./extendLimits.ts";
import { forgetHost } from "./forgetHost.ts";
import { forgetPassword } from "./forgetPassword.ts";
import { forgetTerminals } from "./forgetTerminals.ts";
import { kill } from "./kill.ts";
import { killAll } from "./killAll.ts";
import { killHung } from "./killHung.ts";
import { killHungRemote } from "./killHungRemote.ts";
import { killRemoteSession } from "./killRemoteSession.ts";
import { openConfigFile } from "./openConfigFile.ts";
import { openTerminal } from "./openTerminal.ts";
import { reconnectNow } from "./reconnectNow.ts";
import { refresh } from "./refresh.ts";
import { renameSession } from "./renameSession.ts";
import { reopenTerminals } from "./reopenTerminals.ts";
import { revealTerminal } from "./revealTerminal.ts";
import { revokeExtensionAccess } from "./revokeExtensionAccess.ts";
import { runCommand } from "./runCommand.ts";
import { runScript } from "./runScript.ts";
import { saveToSshConfig } from "./saveToSshConfig.ts";
import { sendBreak } from "./sendBreak.ts";
import { sendEof } from "./sendEof.ts";
import { sendSignal } from "./sendSignal.ts";
import { showConnectionDetails } from "./showConnectionDetails.ts";
import { showLog } from "./showLog.ts";
import { showSessionDetails } from "./showSessionDetails.ts";
import { splitTerminal } from "./splitTerminal.ts";
import { stopReconnecting } from "./stopReconnecting.ts";
import { commandCall } from "./strangerArguments.ts";

const handlers: Record<CommandId, CommandHandler> = {
  "sshSessions.openTerminal": openTerminal,
  "sshSessions.connect": connect,
  "sshSessions.splitTerminal": splitTerminal,
  "sshSessions.duplicateSession": duplicateSession,
  "sshSessions.disconnect": disconnect,
  "sshSessions.kill": kill,
  "sshSessions.disconnectAll": disconnectAll,
  "sshSessions.reconnectNow": reconnectNow,
  "sshSessions.stopReconnecting": stopReconnecting,
  "sshSessions.clearEnded": clearEnded,
  "sshSessions.reopenTerminals": reopenTerminals,
  "sshSessions.forgetTerminals": forgetTerminals,
  "sshSessions.revealTerminal": revealTerminal,
  "sshSessions.renameSession": renameSession,
  "sshSessions.copySshCommand": copySshCommand,
  "sshSessions.refresh": refresh,
  "sshSessions.openConfigFile": openConfigFile,
  "sshSessions.saveToSshConfig": saveToSshConfig,
  "sshSessions.forgetHost": forgetHost,
  "sshSessions.showLog": showLog,
  "sshSessions.forgetPassword": forgetPassword,
  "sshSessions.runCommand": runCommand,
  "sshSessions.runScript": runScript,
  "sshSessions.showSessionDetails": showSessionDetails,
  "sshSessions.showConnectionDetails": showConnectionDetails,
  "sshSessions.sendEof": sendEof,
  "sshSessions.sendSignal": sendSignal,
  "sshSessions.sendBreak": sendBreak,
  "sshSessions.extendLimits": extendLimits,
  "sshSessions.killHung": killHung,
  "sshSessions.killAll": killAll,
  "sshSessions.killRemoteSession": killRemoteSession,
  "sshSessions.killHungRemote": killHungRemote,
  "sshSessions.explainTimeouts": explainTimeouts,
  "sshSessions.explainHost": explainHost,
  "sshSessions.revokeExtensionAccess": revokeExtensionAccess,
};

/** What does nothing to a session that has ended. */
const needsOpenSession: ReadonlySet<CommandId> = new Set([
  "sshSessions.disconnect",
  "sshSessions.kill",
  "sshSessions.renameSession",
  "sshSessions.sendEof",
  "sshSessions.sendSignal",
  "sshSessions.sendBreak",
  "sshSessions.extendLimits",
]);

function isOpen({ sessionId }: TerminalNode, { service }: CommandContext): boolean {
  return sessionId !== undefined && service.session(sessionId) !== undefined;
}

/** Registers every contributed command. */
export function registerCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  for (const id of commandIds) {
    store.add(
      vscode.commands.registerCommand(id, async (argument: unknown, origin: unknown) => {
        if (origin !== rowClick || context.rowClicks.accept(argument)) {
          await call(id, context, argument);
        }
      }),
    );
  }
  return store;
}

/** Runs the command at once for the person's own call, and after the person's consent for anybody else's. */
async function call(id: CommandId, context: CommandContext, given: unknown): Promise<void> {
  const terminal = context.terminals.nodeOf(given);
  if (terminal === undefined && terminalOf(given) !== undefined) {
    // The menu of a tab can't tell whose terminal it is.
    inform(noSshTerminal());
    return;
  }
  if (terminal !== undefined && needsOpenSession.has(id) && !isOpen(terminal, context)) {
    inform(noOpenSession());
    return;
  }
  const called = commandCall(id, terminal ?? given, context.service.masters());
  if (called.kind === "stranger") {
    try {
      await context.access.require(called.host, { purpose: "command", what: id });
    } catch (error) {
      // A question that was just answered with no needs no message.
      if (!ExtensionAccessError.is(error)) {
        await context.presenter.present(error, called.host);
      }
      return;
    }
  }
  await handlers[id](context, called.argument);
}
