import type { Clock } from "../base/clock.ts";
import type { Session } from "../session/sessionTypes.ts";

/** An orderly end that takes longer is forced. Milliseconds. */
const endPatience = 800;

/** The tab was closed. What the keeper holds goes on: who knows why the tab was closed ends it there. */
export function leaveOrHangUp(session: Session, clock: Clock): void {
  if (session.isKept) {
    session.leave();
  } else {
    hangUp(session, clock);
  }
}

/** Ends a session as a closing terminal does, within a bounded time. */
export function hangUp(session: Session, clock: Clock): void {
  if (session.queuedBytes > 0) {
    // The peer reads nothing, so an orderly end would not reach it either.
    session.kill();
    return;
  }
  const timer = clock.setTimeout(() => session.kill(), endPatience);
  void session.ended.finally(() => timer.dispose());
  void session.disconnect();
}
