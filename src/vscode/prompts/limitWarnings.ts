import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { isStillDue } from "../../session/dueLimit.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { LimitKind, Session } from "../../session/sessionTypes.ts";
import { formatDuration } from "../../text/durations.ts";
import { limitsExtendedText } from "../../text/limitText.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { limitNames } from "../../text/sessionDetails.ts";
import { inform } from "../messages/messages.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";

/** Warns that a terminal is about to reach a limit, and offers to extend it, until it has ended or ends later. */
export function showLimitWarnings(
  service: SessionService,
  messages: PassingMessages,
  clock: Clock,
): Disposable {
  return service.onDidWarn(({ session, limit, secondsLeft }) => {
    // A command's limit was set on purpose for that command.
    if (session.snapshot().kind === "terminal") {
      void warn(session, limit, secondsLeft, messages, clock);
    }
  });
}

async function warn(
  session: Session,
  limit: LimitKind,
  secondsLeft: number,
  messages: PassingMessages,
  clock: Clock,
): Promise<void> {
  const given = session.snapshot().limits.find(({ kind }) => kind === limit)?.seconds ?? secondsLeft;
  const endsAt = clock.now() + secondsLeft * 1000;
  const extend = t("Extend to {0} from Now", formatDuration(given * 1000));
  const chosen = await messages.show({
    text: t(
      `"{0}" reaches its {1} in {2}.`,
      plainMessage(printable(session.snapshot().title)),
      limitNames()[limit],
      formatDuration(secondsLeft * 1000),
    ),
    actions: [extend],
    seconds: secondsLeft,
    isTrue: () => isStillDue(session.snapshot(), limit, endsAt),
  });
  if (chosen === extend && session.snapshot().state.kind === "open") {
    session.extend();
    showExtendedLimits(session);
  }
}

/** Shows when the session ends now, or that it has no limits. */
export function showExtendedLimits(session: Session): void {
  const { title, limits } = session.snapshot();
  inform(limitsExtendedText(plainMessage(printable(title)), limits, Date.now()));
}
