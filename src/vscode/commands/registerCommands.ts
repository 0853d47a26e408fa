import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { type CommandId, commandIds } from "../contributionIds.ts";
import { clearEnded } from "./clearEnded.ts";
import type { CommandContext, CommandHandler } from "./commandContext.ts";
import { connect } from "./connect.ts";
import { copySshCommand } from "./copySshCommand.ts";
import { disconnect } from "./disconnect.ts";
import { disconnectAll } from "./disconnectAll.ts";
import { forgetPassword } from "./forgetPassword.ts";
import { kill } from "./kill.ts";
import { openConfigFile } from "./openConfigFile.ts";
import { openTerminal } from "./openTerminal.ts";
import { refresh } from "./refresh.ts";
import { renameSession } from "./renameSession.ts";
import { revealTerminal } from "./revealTerminal.ts";
import { showLog } from "./showLog.ts";

const handlers: Record<CommandId, CommandHandler> = {
  "sshSessions.openTerminal": openTerminal,
  "sshSessions.connect": connect,
  "sshSessions.disconnect": disconnect,
  "sshSessions.kill": kill,
  "sshSessions.disconnectAll": disconnectAll,
  "sshSessions.clearEnded": clearEnded,
  "sshSessions.revealTerminal": revealTerminal,
  "sshSessions.renameSession": renameSession,
  "sshSessions.copySshCommand": copySshCommand,
  "sshSessions.refresh": refresh,
  "sshSessions.openConfigFile": openConfigFile,
  "sshSessions.showLog": showLog,
  "sshSessions.forgetPassword": forgetPassword,
};

/** Registers every contributed command. */
export function registerCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  for (const id of commandIds) {
    store.add(vscode.commands.registerCommand(id, (argument: unknown) => handlers[id](context, argument)));
  }
  return store;
}
