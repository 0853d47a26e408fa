import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import type { HostPick } from "../prompts/hostPick.ts";
import { terminalProfileId } from "../settings/contributionIds.ts";
import type { VscodeSettings } from "../settings/vscodeSettings.ts";
import type { TerminalRegistry } from "./terminalRegistry.ts";

/**
 * The profile "SSH…". VS Code's profiles are fixed in package.json, so the chosen hosts can't be entries of their own in
 * its menu; they come first in the question, and a single one answers it.
 */
export function registerTerminalProfile(
  terminals: TerminalRegistry,
  hostPick: HostPick,
  settings: VscodeSettings,
): Disposable {
  return vscode.window.registerTerminalProfileProvider(terminalProfileId, {
    async provideTerminalProfile(token) {
      const beside = terminals.takeBeside();
      if (beside !== undefined) {
        return beside;
      }
      const preferred = settings.profileHosts;
      const [only] = preferred;
      const host =
        preferred.length === 1 && only !== undefined
          ? only
          : await hostPick.ask(t("New SSH Terminal"), preferred, token);
      return host === undefined ? undefined : terminals.profile(host);
    },
  });
}
