import { t } from "../../base/localize.ts";
import { askLine } from "../messages/messages.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/** Changes the title of a session and its terminal. */
export const renameSession = command(
  anOpenSession(() => t("Rename Session")),
  async ({ terminals }, session) => {
    const title = await askLine({
      title: t("Rename Session"),
      prompt: t("New title for the session on {0}", session.spec),
      value: session.snapshot().title,
      complaint: (value) => (value.trim() === "" ? t("A title needs at least one character.") : undefined),
    });
    if (title !== undefined) {
      session.rename(title.trim());
      terminals.rename(session.id, title.trim());
    }
  },
);
