import { asError, CancelledError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import { serverWordsMessage } from "../../text/loginText.ts";
import { inform, showBriefly, withViewProgress } from "../messages/messages.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** Logs in without opening a session, so that the first terminal opens at once. */
export const connect = command(
  aHost(() => t("Connect to SSH Host"), "none"),
  connectTo,
);

/** Logs in and reports a failure. */
export async function connectTo(context: CommandContext, host: string): Promise<void> {
  const failed = await withViewProgress(viewIds.live, async () => {
    await context.recent.addTried(host);
    try {
      await context.service.connect(host, undefined, (news) => {
        // No terminal waits that could show it.
        if (news.kind === "words") {
          inform(serverWordsMessage(news.words, news.alias));
        }
      });
      await context.recent.addWorking(host);
      const notice = context.notices.take(await context.resolver.resolve(host));
      if (notice !== undefined) {
        showBriefly(notice, 8000, "info");
      }
      return undefined;
    } catch (error) {
      return asError(error);
    }
  });
  if (failed !== undefined && !CancelledError.is(failed)) {
    await context.presenter.present(failed, host, () => connectTo(context, host));
  }
}
