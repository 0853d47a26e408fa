import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** Opens a document with all effective values that are used to connect to a host, and their sources. */
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
