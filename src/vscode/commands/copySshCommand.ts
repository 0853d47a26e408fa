import * as vscode from "vscode";
import { plainMessage } from "../../text/plainMessage.ts";
import { sshCommandLine } from "../../text/sshCommandLine.ts";
import { expandHome } from "../../text/valueSourceText.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostOf } from "./commandTarget.ts";

/** The `ssh` command for a host, to the clipboard. */
export const copySshCommand: CommandHandler = async (context, argument) => {
  const { service, resolver, settings, hostPick, presenter, home } = context;
  const host = hostOf(argument, service.masters()) ?? (await hostPick.ask("Copy SSH Command"));
  if (host === undefined) {
    return;
  }
  try {
    const [config, { hosts }] = await Promise.all([resolver.resolve(host), resolver.hosts()]);
    const command = sshCommandLine(
      host,
      hosts.find(({ alias }) => alias === host),
      config,
      expandHome(settings.configFile, home),
    );
    await vscode.env.clipboard.writeText(command);
    vscode.window.setStatusBarMessage(`$(copy) Copied: ${plainMessage(command)}`, 4000);
  } catch (error) {
    await presenter.present(error, host, () => copySshCommand(context, host));
  }
};
