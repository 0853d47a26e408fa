import type { Disposable } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { LimitKind, Session } from "../../session/sessionTypes.ts";
import { formatDuration } from "../../text/durations.ts";
import { limitsExtendedText } from "../../text/limitText.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { limitNames } from "../../text/sessionDetails.ts";
import { inform, showMessage } from "../messages/messages.ts";

/** Warns that a terminal is about to reach a limit, and offers to extend it. */
export function showLimitWarnings(service: SessionService): Disposable {
  return service.onDidWarn(({ session, limit, secondsLeft }) => {
    // A command's limit was set on purpose for that command.
    if (session.snapshot().kind === "terminal") {
      void warn(session, limit, secondsLeft);
    }
  });
}

async function warn(session: Session, limit: LimitKind, secondsLeft: number): Promise<void> {
  const given = session.snapshot().limits.find(({ kind }) => kind === limit)?.seconds ?? secondsLeft;
  const extend = t("Extend to {0} from Now", formatDuration(given * 1000));
  const title = plainMessage(printable(session.snapshot().title));
  const answer = await showMessage(
    "warning",
    t(`"{0}" reaches its {1} in {2}.`, title, limitNames()[limit], formatDuration(secondsLeft * 1000)),
    {},
    extend,
  );
  if (answer !== extend) {
    return;
  }
  // A notification stays until the user answers it.
  if (session.snapshot().state.kind === "ended") {
    inform(t(`"{0}" has already ended.`, title));
    return;
  }
  session.extend();
  showExtendedLimits(session);
}

/** Shows when the session ends now, or that it has no limits. */
export function showExtendedLimits(session: Session): void {
  const { title, limits } = session.snapshot();
  inform(limitsExtendedText(plainMessage(printable(title)), limits, Date.now()));
}
