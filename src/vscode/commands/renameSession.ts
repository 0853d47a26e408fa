import { t } from "../../base/localize.ts";
import { askLine } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { liveIdsOf } from "./commandTarget.ts";

/** Another title for a session and its terminal. */
export const renameSession: CommandHandler = async ({ service, livePick, terminals }, argument) => {
  const [id] =
    liveIdsOf(argument, service) ??
    liveIdsOf(await livePick.ask(t("Rename Session"), "sessions"), service) ??
    [];
  const session = id === undefined ? undefined : service.session(id);
  if (session === undefined) {
    return;
  }
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
};
