import { t } from "../../base/localize.ts";
import { readServerTimeouts } from "../../remote/readTimeouts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { timeoutDocument } from "../../text/timeoutDocument.ts";
import { withViewProgress } from "../messages/messages.ts";
import { isConnected } from "../serverView/remotePolling.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aConnection } from "./liveFinders.ts";

/** Opens a document that explains which timeout ends an idle session on a server, when, and what prevents it. */
export const explainTimeouts = command(
  aConnection({
    title: () => t("Explain Timeouts"),
    accept: isConnected,
    none: () => t("Connect to a host first to read its timeouts."),
  }),
  explain,
);

async function explain(context: CommandContext, master: MasterSnapshot): Promise<void> {
  const { presenter, remoteAccess, timeoutDocuments } = context;
  try {
    const text = await withViewProgress(viewIds.live, async () => {
      const access = remoteAccess.to(master.id);
      const [server, ours] = await Promise.all([
        readServerTimeouts(access),
        remoteAccess.ourTimeouts(master),
      ]);
      return timeoutDocument(server, ours);
    });
    await timeoutDocuments.show(master.spec, text);
  } catch (error) {
    await presenter.present(error, master.spec, () => explain(context, master));
  }
}
