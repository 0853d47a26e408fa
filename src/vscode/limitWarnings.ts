import * as vscode from "vscode";
import type { Disposable } from "../base/disposable.ts";
import { printable } from "../base/log.ts";
import type { LimitKind, SessionService } from "../session/sessionTypes.ts";

const limitNames: Record<LimitKind, string> = {
  time: "time limit",
  idle: "idle limit",
  "channel-timeout": "ChannelTimeout",
};

/** Tells a person that a terminal is about to reach a limit, and lets him extend it. */
export function showLimitWarnings(service: SessionService): Disposable {
  return service.onDidWarn(async ({ session, limit, secondsLeft }) => {
    const { kind, title } = session.snapshot();
    if (kind !== "terminal") {
      // A command's limit was set by whoever runs it, for it.
      return;
    }
    const extend = "Extend";
    const answer = await vscode.window.showWarningMessage(
      `"${printable(title)}" reaches its ${limitNames[limit]} in ${secondsLeft} s.`,
      extend,
    );
    if (answer === extend) {
      session.extend();
    }
  });
}
