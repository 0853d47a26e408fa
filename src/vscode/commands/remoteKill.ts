import { t } from "../../base/localize.ts";
import type { RemoteSession } from "../../remote/remoteSession.ts";
import type { RemoteViewService } from "../../remote/remoteViewService.ts";
import { killTold } from "../../text/remoteKillText.ts";
import { showBriefly, showMessage, warn, withViewProgress } from "../messages/messages.ts";
import { viewIds } from "../settings/contributionIds.ts";
import type { CommandContext } from "./commandContext.ts";

export interface RemoteKillRequest {
  readonly masterId: string;
  readonly host: string;
  readonly sessions: readonly RemoteSession[];
  /** Skip logins that are no longer hung. */
  readonly onlyHung: boolean;
}

/** Ends logins on a server, shows the result, and offers KILL for the survivors. */
export async function killRemotely(context: CommandContext, request: RemoteKillRequest): Promise<void> {
  let remaining = await strike(context, request, false);
  while (remaining.length > 0) {
    remaining = await strike(context, { ...request, sessions: remaining }, true);
  }
}

/** @returns the survivors that should get KILL. */
async function strike(
  context: CommandContext,
  { masterId, host, sessions, onlyHung }: RemoteKillRequest,
  force: boolean,
): Promise<readonly RemoteSession[]> {
  const { remoteView, presenter } = context;
  const ids = sessions.map(({ id }) => id);
  try {
    const report = await withViewProgress(
      viewIds.live,
      async () => await remoteView.kill(masterId, ids, { force, onlyHung }),
    );
    const told = killTold(report, host, force, remoteView.snapshot(masterId)?.sudo === "used");
    if (told.severity === "quiet") {
      showBriefly(told.text, 6000, "check");
      return [];
    }
    if (told.alive.length === 0) {
      warn(told.text);
      return [];
    }
    const killNow = t("Kill Now");
    const answer = await showMessage("warning", told.text, {}, killNow);
    return answer === killNow ? told.alive : [];
  } catch (error) {
    await presenter.present(error, host);
    return [];
  }
}

/** Reads a server's view with progress in the Live view; a failure is shown and gives undefined. */
export async function readRemotely(
  context: CommandContext,
  masterId: string,
  host: string,
): Promise<Awaited<ReturnType<RemoteViewService["refresh"]>> | undefined> {
  try {
    return await withViewProgress(viewIds.live, async () => await context.remoteView.refresh(masterId));
  } catch (error) {
    await context.presenter.present(error, host);
    return undefined;
  }
}
