import type * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import type { HostPick } from "../prompts/hostPick.ts";
import type { VscodeSettings } from "../settings/vscodeSettings.ts";
import type { TerminalRegistry } from "./terminalRegistry.ts";

/**
 * The profile "SSH…". VS Code's profiles are fixed in package.json, so the chosen hosts can't be separate entries in
 * its menu; they come first in the question, and a single one skips it.
 */
export function terminalProfiles(
  terminals: TerminalRegistry,
  hostPick: HostPick,
  settings: VscodeSettings,
): vscode.TerminalProfileProvider {
  return {
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
          : await hostPick.ask(t("New SSH Terminal"), { preferred, token });
      return host === undefined ? undefined : terminals.profile(host);
    },
  };
}
