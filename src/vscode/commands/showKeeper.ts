import type { Clock } from "../../base/clock.ts";
import { t } from "../../base/localize.ts";
import { keptDescription, keptLabel, noKeeper, nothingKept } from "../../text/keeperText.ts";
import { inform, pickOne } from "../messages/messages.ts";
import type { KeptTerminals } from "../terminals/keptTerminals.ts";
import { type Command, plainCommand } from "./command.ts";

/** Lists the keeper's sessions. The chosen one is opened in this window, or its terminal is shown. */
export function showKeeper(kept: KeptTerminals, clock: Clock): Command {
  return plainCommand(async ({ terminals }) => {
    const found = await kept.find();
    const sessions = found?.filter(({ ended }) => !ended) ?? [];
    if (sessions.length === 0) {
      inform(found === undefined ? noKeeper(kept.isOn) : nothingKept());
      return;
    }
    const chosen = await pickOne(
      sessions.map((session) => ({
        label: keptLabel(session),
        description: keptDescription(session, process.pid, clock.now()),
        session,
      })),
      { title: t("Sessions in the Keeper"), placeHolder: t("Choose a session to open it in this window") },
    );
    if (chosen !== undefined) {
      const { id, host, title } = chosen.session;
      if (!terminals.revealKept(id)) {
        // The terminal itself shows a failure.
        terminals.open(host, { title, shellName: id }).catch(() => {});
      }
    }
  });
}
