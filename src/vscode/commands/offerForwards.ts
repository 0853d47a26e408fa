import type { UsersForward } from "../../forward/forwardService.ts";
import { forwardsQuestion, reopenWords, restartWord } from "../../text/reopenText.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";
import { type ForwardOutcomeInit, restartAndTell } from "./forwardOutcome.ts";

export interface OfferForwardsInit extends ForwardOutcomeInit {
  readonly messages: PassingMessages;
}

/**
 * After a reload of the window: rows for the forwards from before it, and a message that offers to start them. The
 * message vanishes when the last of them is back or has been removed, by its row or by a session on its host.
 */
export async function offerForwards(before: readonly UsersForward[], init: OfferForwardsInit): Promise<void> {
  if (before.length === 0) {
    return;
  }
  const { forwards, messages } = init;
  const ids = forwards.addFromBefore(before);
  const { forget } = reopenWords();
  const restart = restartWord();
  const isLeft = (id: string): boolean => {
    const state = forwards.forward(id)?.state;
    return state?.kind === "stopped" && state.isFromBefore === true;
  };
  const answer = await messages.offer({
    ...forwardsQuestion(before),
    actions: [restart, forget],
    isTrue: () => ids.some(isLeft),
  });
  const left = ids.filter(isLeft);
  if (answer === forget) {
    for (const id of left) {
      forwards.stop(id);
    }
  } else if (answer === restart) {
    await Promise.all(left.map(async (id) => await restartAndTell(init, id)));
  }
}
