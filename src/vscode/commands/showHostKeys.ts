import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** Opens a document of a host's keys in known_hosts, with fingerprints and lines. */
export const showHostKeys = command(
  aHost(() => t("Show Host Keys")),
  show,
);

async function show(context: CommandContext, host: string): Promise<void> {
  try {
    await context.knownKeyDocuments.show(host);
  } catch (error) {
    await context.presenter.present(error, host, () => show(context, host));
  }
}
