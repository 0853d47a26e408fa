import type { ForwardPrompts } from "../../forward/forwardService.ts";
import {
  configuredQuestion,
  demandQuestion,
  openListenerQuestion,
  takenPortQuestion,
} from "../../text/forwardText.ts";
import { showMessage } from "../messages/messages.ts";
import { askSafely } from "./askSafely.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** Asks about forwards, in the same queue as all other questions. */
export function forwardPrompts(queue: PromptQueue): ForwardPrompts {
  return {
    mayLogIn: async (forward) => {
      const { message, detail, refuse, action } = demandQuestion(forward);
      return (await askSafely(queue, message, detail, refuse, action)) === action;
    },
    mayStart: async (host, specs) => {
      const { message, action } = configuredQuestion(host, specs);
      return (await showMessage("information", message, {}, action)) === action;
    },
    mayListenOpenly: async (host, spec) => {
      const { message, detail, refuse, action } = openListenerQuestion(host, spec);
      return (await askSafely(queue, message, detail, refuse, action)) === action;
    },
    portTaken: async (forward) => {
      const { message, another, retry } = takenPortQuestion(forward);
      const answer = await showMessage("warning", message, {}, another, retry);
      return answer === another ? "another-port" : answer === retry ? "retry" : "leave";
    },
  };
}
