import { CancelledError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { ForwardError } from "../../engine/engineErrors.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { forwardFailure, forwardLabel, partlyTakenWarning } from "../../text/forwardText.ts";
import { showBriefly, showMessage } from "../messages/messages.ts";
import type { CommandContext } from "./commandContext.ts";

export interface ForwardOutcomeInit extends Pick<CommandContext, "presenter"> {
  readonly forwards: ForwardService;
}

/** Shows that a forward listens, or why it does not. */
export async function tellForward(context: ForwardOutcomeInit, forward: ForwardSnapshot): Promise<void> {
  const { state, host, id, takenAddresses } = forward;
  if (state.kind !== "refused" && takenAddresses.length > 0) {
    await offerAnotherPort(context, forward);
    return;
  }
  if (state.kind !== "refused") {
    showBriefly(t("Forwarding {0}", forwardLabel(forward)), 5000, "check");
    return;
  }
  if (!ForwardError.is(state.error)) {
    await context.presenter.present(state.error, host, async () => await restartAndTell(context, id));
    return;
  }
  const retry = t("Retry");
  const text = t(
    "{0} of {1} is not forwarded. {2}",
    forwardLabel(forward),
    `"${printable(host)}"`,
    forwardFailure(state.error, state.owner),
  );
  if ((await showMessage("error", text, {}, retry)) === retry) {
    await tryAgain(context, forward);
  }
}

/** The message may be older than the end of its forward: then it starts anew. */
async function tryAgain(
  context: ForwardOutcomeInit,
  { id, host, spec }: Pick<ForwardSnapshot, "id" | "host" | "spec">,
): Promise<void> {
  if (context.forwards.forward(id) !== undefined) {
    await restartAndTell(context, id);
    return;
  }
  try {
    await tellForward(context, await context.forwards.start({ host, spec, origin: { kind: "person" } }));
  } catch (error) {
    await context.presenter.present(error, host, () => tryAgain(context, { id, host, spec }));
  }
}

/** Another program has the port at some of the addresses: a client may reach that program. */
async function offerAnotherPort(context: ForwardOutcomeInit, forward: ForwardSnapshot): Promise<void> {
  const { id, host, spec } = forward;
  const { message, another } = partlyTakenWarning(forward);
  if (
    (await showMessage("warning", message, {}, another)) === another &&
    spec.kind !== "remote" &&
    spec.listen.type === "tcp"
  ) {
    context.forwards.stop(id);
    const listen = { ...spec.listen, port: 0 };
    const origin = { kind: "person" } as const;
    await tellForward(context, await context.forwards.start({ host, spec: { ...spec, listen }, origin }));
  }
}

/** Restarts the forward, and shows the result. */
export async function restartAndTell(context: ForwardOutcomeInit, id: string): Promise<void> {
  const host = context.forwards.forward(id)?.host ?? "";
  let forward: ForwardSnapshot | undefined;
  try {
    forward = await context.forwards.restart(id);
  } catch (error) {
    if (!CancelledError.is(error)) {
      await context.presenter.present(error, host, async () => await restartAndTell(context, id));
    }
    return;
  }
  if (forward !== undefined) {
    await tellForward(context, forward);
  }
}
