import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { forwardFailure, forwardLabel } from "../../text/forwardText.ts";
import { showBriefly, showMessage } from "../messages/messages.ts";
import type { CommandContext } from "./commandContext.ts";

export interface ForwardOutcomeInit extends Pick<CommandContext, "presenter"> {
  readonly forwards: ForwardService;
}

/** Shows that a forward listens, or why it does not. */
export async function tellForward(context: ForwardOutcomeInit, forward: ForwardSnapshot): Promise<void> {
  const { state, host, id } = forward;
  if (state.kind !== "refused") {
    showBriefly(t("Forwarding {0}", forwardLabel(forward)), 5000, "check");
    return;
  }
  if (state.owner === undefined) {
    await context.presenter.present(state.error, host, async () => await restartAndTell(context, id));
    return;
  }
  const retry = t("Retry");
  const text = t(
    "{0} is not forwarded. {1}",
    forwardLabel(forward),
    forwardFailure(state.error, state.owner),
  );
  if ((await showMessage("error", text, {}, retry)) === retry) {
    await restartAndTell(context, id);
  }
}

/** Restarts the forward, and shows the result. */
export async function restartAndTell(context: ForwardOutcomeInit, id: string): Promise<void> {
  await context.forwards.restart(id);
  const forward = context.forwards.forward(id);
  if (forward !== undefined) {
    await tellForward(context, forward);
  }
}
