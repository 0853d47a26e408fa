import { noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { ExtensionAccessError } from "../prompts/extensionAccessErrors.ts";
import { chooseTerminals } from "./chooseTerminals.ts";
import { clearEnded } from "./clearEnded.ts";
import { clearFilter } from "./clearFilter.ts";
import { type Command, type Commands, strangerHost } from "./command.ts";
import { callSource } from "./commandCalls.ts";
import type { CommandContext } from "./commandContext.ts";
import { connect } from "./connect.ts";
import { copyAddress } from "./copyAddress.ts";
import { copySshCommand } from "./copySshCommand.ts";
import { disconnect } from "./disconnect.ts";
import { disconnectAll } from "./disconnectAll.ts";
import { duplicateSession } from "./duplicateSession.ts";
import { explainHost } from "./explainHost.ts";
import { explainTimeouts } from "./explainTimeouts.ts";
import { extendLimits } from "./extendLimits.ts";
import { filter } from "./filter.ts";
import { forgetHost } from "./forgetHost.ts";
import { forgetHostKeys } from "./forgetHostKeys.ts";
import { forgetPassword } from "./forgetPassword.ts";
import { forgetTerminals } from "./forgetTerminals.ts";
import { hideServerLogins } from "./hideServerLogins.ts";
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
import { showHistory } from "./showHistory.ts";
import { showHostKeys } from "./showHostKeys.ts";
import { showLog } from "./showLog.ts";
import { showServerLogins } from "./showServerLogins.ts";
import { showSessionDetails } from "./showSessionDetails.ts";
import { splitTerminal } from "./splitTerminal.ts";
import { stopReconnecting } from "./stopReconnecting.ts";

/** The commands by their ids. Those of a feature are in the feature (`vscode/features/`). */
export const commands: Commands = {
  "sshSessions.openTerminal": openTerminal,
  "sshSessions.connect": connect,
  "sshSessions.showHistory": showHistory,
  "sshSessions.splitTerminal": splitTerminal,
  "sshSessions.duplicateSession": duplicateSession,
  "sshSessions.disconnect": disconnect,
  "sshSessions.kill": kill,
  "sshSessions.disconnectAll": disconnectAll,
  "sshSessions.reconnectNow": reconnectNow,
  "sshSessions.stopReconnecting": stopReconnecting,
  "sshSessions.clearEnded": clearEnded,
  "sshSessions.chooseTerminals": chooseTerminals,
  "sshSessions.reopenTerminals": reopenTerminals,
  "sshSessions.forgetTerminals": forgetTerminals,
  "sshSessions.revealTerminal": revealTerminal,
  "sshSessions.renameSession": renameSession,
  "sshSessions.copyAddress": copyAddress,
  "sshSessions.copySshCommand": copySshCommand,
  "sshSessions.filter": filter,
  "sshSessions.clearFilter": clearFilter,
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
  "sshSessions.showServerLogins": showServerLogins,
  "sshSessions.hideServerLogins": hideServerLogins,
  "sshSessions.killHungRemote": killHungRemote,
  "sshSessions.explainTimeouts": explainTimeouts,
  "sshSessions.explainHost": explainHost,
  "sshSessions.showHostKeys": showHostKeys,
  "sshSessions.forgetHostKeys": forgetHostKeys,
  "sshSessions.revokeExtensionAccess": revokeExtensionAccess,
};

/** Calls a contributed command by its id, with what VS Code passes to it. */
export type CallCommand = (id: string, argument: unknown) => Promise<void>;

/** @param added the commands of the features. */
export function commandCaller(context: CommandContext, added: readonly Commands[]): CallCommand {
  const table = new Map([commands, ...added].flatMap((some) => Object.entries(some)));
  return async (id, argument) => {
    const command = table.get(id);
    if (command !== undefined) {
      await call(id, command, context, argument);
    }
  };
}

/** Runs the command at once if the user called it, and after the user's consent otherwise. */
async function call(id: string, command: Command, context: CommandContext, argument: unknown): Promise<void> {
  const source = callSource(
    argument,
    (given) => context.terminals.called(given),
    (view) => context.focusedRows[view].row(),
  );
  if (source === "no row") {
    return;
  }
  if (source === "other terminal") {
    // The menu of a tab does not depend on the terminal's owner.
    inform(noSshTerminal());
    return;
  }
  const stranger = strangerHost(command, context, source);
  if (stranger !== undefined) {
    try {
      await context.access.require(stranger, { purpose: "command", what: id });
    } catch (error) {
      // A refusal that the user has just given needs no message.
      if (!ExtensionAccessError.is(error)) {
        await context.presenter.present(error, stranger);
      }
      return;
    }
  }
  await command.run(context, source);
}
