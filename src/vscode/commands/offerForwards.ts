import type { UsersForward } from "../../forward/forwardService.ts";
import { forwardsQuestion, reopenWords, restartWord } from "../../text/reopenText.ts";
import { showMessage } from "../messages/messages.ts";
import { type ForwardOutcomeInit, restartAndTell } from "./forwardOutcome.ts";

/** After a reload of the window: rows for the forwards from before it, and a message that offers to start them. */
export async function offerForwards(
  before: readonly UsersForward[],
  init: ForwardOutcomeInit,
): Promise<void> {
  if (before.length === 0) {
    return;
  }
  const { forwards } = init;
  const ids = forwards.addFromBefore(before);
  const { forget } = reopenWords();
  const restart = restartWord();
  const answer = await showMessage("information", forwardsQuestion(before), {}, restart, forget);
  // The rows may have been used while the message was open.
  const left = ids.filter((id) => {
    const state = forwards.forward(id)?.state;
    return state?.kind === "stopped" && state.isFromBefore === true;
  });
  if (answer === forget) {
    for (const id of left) {
      forwards.stop(id);
    }
  } else if (answer === restart) {
    await Promise.all(left.map(async (id) => await restartAndTell(init, id)));
  }
}
