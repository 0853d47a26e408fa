import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { disconnectQuestion, isMuchAtStake, type RowsAtStake } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { whatIsAlive } from "./liveFinders.ts";
import { rowsAtStake } from "./sessionsAtStake.ts";

/** Ends a connection or a session in order. Asks first if more than one session would end, or what others use. */
export const disconnect = command(
  whatIsAlive(() => t("Disconnect")),
  async (context, ids) => {
    const { service, others } = context;
    if (await isWanted(context, rowsAtStake(ids, service.masters(), others(ids)))) {
      await Promise.all(ids.map((id) => service.disconnect(id)));
    }
  },
);

async function isWanted({ settings }: CommandContext, atStake: RowsAtStake): Promise<boolean> {
  if (!isMuchAtStake(atStake) || !settings.confirmsDisconnect) {
    return true;
  }
  const { message, detail, action, neverAgain = "" } = disconnectQuestion(atStake);
  const answer = await showMessage("warning", message, { modal: true, detail }, action, neverAgain);
  if (answer === neverAgain) {
    await vscode.workspace
      .getConfiguration(configurationSection)
      .update(settingKeys.confirmDisconnect, false, vscode.ConfigurationTarget.Global);
  }
  return answer !== undefined;
}
