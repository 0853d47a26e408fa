import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { formatHostSpec } from "../../config/hostSpec.ts";
import { copiedText, notCopiedText } from "../../text/copyWords.ts";
import { localShell } from "../../text/localShell.ts";
import { sshCommandLine } from "../../text/sshCommandLine.ts";
import { expandHome } from "../../text/valueSourceText.ts";
import { showBriefly, warn } from "../messages/messages.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** Copies the `ssh` command for a host, quoted for the default terminal's shell. */
export const copySshCommand = command(
  aHost(() => t("Copy SSH Command")),
  copy,
);

async function copy(context: CommandContext, host: string): Promise<void> {
  const { resolver, settings, presenter, home } = context;
  try {
    const config = await resolver.resolve(host);
    const hops = await Promise.all(config.proxyJump.map((hop) => resolver.resolve(formatHostSpec(hop))));
    const configFile = expandHome(settings.configFile.trim(), home);
    const shell = localShell(vscode.env.shell, process.platform);
    const line = sshCommandLine({ config, hops, configFile }, shell);
    if (line === undefined) {
      warn(notCopiedText(host));
      return;
    }
    await vscode.env.clipboard.writeText(line);
    showBriefly(copiedText(line), 4000, "copy");
  } catch (error) {
    await presenter.present(error, host, () => copy(context, host));
  }
}
