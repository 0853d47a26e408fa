import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** A document that says how a host is connected to: every value in force, and where it comes from. */
export const explainHost = command(
  aHost(() => t("Explain Host")),
  explain,
);

async function explain(context: CommandContext, host: string): Promise<void> {
  const { hostDocuments, presenter, settings } = context;
  try {
    await hostDocuments.show(host, settings.folder);
  } catch (error) {
    await presenter.present(error, host, () => explain(context, host));
  }
}
