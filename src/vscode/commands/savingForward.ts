import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { formatForward } from "../../config/forwardSpec.ts";
import { parseHostSpec } from "../../config/hostSpec.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { inform } from "../messages/messages.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Saves a forward into `sshSessions.hosts`. */
export function saving(title: () => string, place: "user" | "workspace"): Command {
  return command(aForward(title), async (_, forward) => {
    const { Global, Workspace } = vscode.ConfigurationTarget;
    const target = place === "user" ? Global : Workspace;
    const configuration = vscode.workspace.getConfiguration(configurationSection, null);
    const found = configuration.inspect<unknown>(settingKeys.hosts);
    const value = place === "user" ? found?.globalValue : found?.workspaceValue;
    const saved = withForward(Array.isArray(value) ? value : [], forward);
    if (place === "workspace" && vscode.workspace.workspaceFolders === undefined) {
      inform(t("No folder or workspace is open."));
      return;
    }
    await configuration.update(settingKeys.hosts, saved, target);
    inform(
      place === "user"
        ? t("The forward is saved in your settings, for {0}.", patternOf(forward))
        : t("The forward is saved in the workspace's settings, for {0}.", patternOf(forward)),
    );
  });
}

/** The entries with the forward in that of its host. */
export function withForward(
  entries: readonly unknown[],
  forward: Pick<ForwardSnapshot, "host" | "spec">,
): readonly unknown[] {
  const pattern = patternOf(forward);
  const text = formatForward(forward.spec);
  const isOurs = (entry: unknown): entry is Readonly<Record<string, unknown>> =>
    typeof entry === "object" && entry !== null && "pattern" in entry && entry.pattern === pattern;
  const own = entries.find(isOurs);
  if (own === undefined) {
    return [...entries, { pattern, forwards: [text] }];
  }
  const forwards: readonly unknown[] = Array.isArray(own["forwards"]) ? own["forwards"] : [];
  const all = forwards.includes(text) ? forwards : [...forwards, text];
  return entries.map((entry) => (entry === own ? { ...own, forwards: all } : entry));
}

/** Entries match aliases. */
function patternOf({ host }: Pick<ForwardSnapshot, "host">): string {
  return parseHostSpec(host).alias;
}
