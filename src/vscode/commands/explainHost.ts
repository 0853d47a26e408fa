import { t } from "../../base/localize.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostOf } from "./commandTarget.ts";

/** A document that says how a host is connected to: every value in force, and where it comes from. */
export const explainHost: CommandHandler = async (context, argument) => {
  const { service, hostPick, hostDocuments, presenter, settings } = context;
  const host = hostOf(argument, service.masters()) ?? (await hostPick.ask(t("Explain Host")));
  if (host === undefined) {
    return;
  }
  try {
    await hostDocuments.show(host, settings.folder);
  } catch (error) {
    await presenter.present(error, host, () => explainHost(context, host));
  }
};
