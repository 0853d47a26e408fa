import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { entryPattern, withForward } from "../../forward/forwardEntries.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { inform } from "../messages/messages.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Saves a forward in `sshSessions.hosts`. */
export function saving(forwards: ForwardService, title: () => string, place: "user" | "workspace"): Command {
  return command(aForward(forwards, title), async (_, forward) => {
    const { Global, Workspace } = vscode.ConfigurationTarget;
    const target = place === "user" ? Global : Workspace;
    const configuration = vscode.workspace.getConfiguration(configurationSection, null);
    const found = configuration.inspect<unknown>(settingKeys.hosts);
    const entries = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
    const users = entries(found?.globalValue);
    const saved =
      place === "user"
        ? withForward(users, forward)
        : withForward(entries(found?.workspaceValue), forward, users);
    if (place === "workspace" && vscode.workspace.workspaceFolders === undefined) {
      inform(t("No folder or workspace is open."));
      return;
    }
    await configuration.update(settingKeys.hosts, saved, target);
    inform(
      place === "user"
        ? t("The forward is saved in your settings, for {0}.", entryPattern(forward))
        : t("The forward is saved in the workspace's settings, for {0}.", entryPattern(forward)),
    );
  });
}
