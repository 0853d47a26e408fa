import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { formatHostSpec } from "../../config/hostSpec.ts";
import { copiedText, notCopiedText } from "../../text/copyWords.ts";
import { localShell } from "../../text/localShell.ts";
import { sshCommandLine } from "../../text/sshCommandLine.ts";
import { expandHome } from "../../text/valueSourceText.ts";
import { showBriefly, warn } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostOf } from "./commandTarget.ts";

/** The `ssh` command for a host, to the clipboard, in the words of the default terminal's shell. */
export const copySshCommand: CommandHandler = async (context, argument) => {
  const { service, resolver, settings, hostPick, presenter, home } = context;
  const host = hostOf(argument, service.masters()) ?? (await hostPick.ask(t("Copy SSH Command")));
  if (host === undefined) {
    return;
  }
  try {
    const config = await resolver.resolve(host);
    const hops = await Promise.all(config.proxyJump.map((hop) => resolver.resolve(formatHostSpec(hop))));
    const configFile = expandHome(settings.configFile.trim(), home);
    const shell = localShell(vscode.env.shell, process.platform);
    const command = sshCommandLine({ config, hops, configFile }, shell);
    if (command === undefined) {
      warn(notCopiedText(host));
      return;
    }
    await vscode.env.clipboard.writeText(command);
    showBriefly(copiedText(command), 4000);
  } catch (error) {
    await presenter.present(error, host, () => copySshCommand(context, host));
  }
};
