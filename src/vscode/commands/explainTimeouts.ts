import { t } from "../../base/localize.ts";
import { readServerTimeouts } from "../../remote/readTimeouts.ts";
import { timeoutDocument } from "../../remote/timeoutDocument.ts";
import { inform, withViewProgress } from "../messages/messages.ts";
import { isConnected } from "../serverView/remotePolling.ts";
import { viewIds } from "../settings/contributionIds.ts";
import type { CommandHandler } from "./commandContext.ts";
import { masterIdOf } from "./commandTarget.ts";

/** A document that says who ends an idle session on a server, when, and which setting prevents it. */
export const explainTimeouts: CommandHandler = async (context, argument) => {
  const { service, presenter, remoteAccess, timeoutDocuments } = context;
  const masters = service.masters().filter(isConnected);
  const chosen = masterIdOf(argument, service);
  const master =
    chosen !== undefined || masters.length < 2
      ? masters.find(({ id }) => chosen === undefined || id === chosen)
      : await context.livePick.askConnection(t("Explain Timeouts"), masters);
  if (master === undefined) {
    if (masters.length === 0) {
      inform(t("Connect to a host first to read its timeouts."));
    }
    return;
  }
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
    await presenter.present(error, master.spec, () => explainTimeouts(context, argument));
  }
};
