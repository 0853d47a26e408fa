/** Finders of forwards. */
import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { forwardLabel, forwardStateText } from "../../text/forwardText.ts";
import { inform, pickOne } from "../messages/messages.ts";
import { nearFirst } from "../prompts/liveChoices.ts";
import { forwardTarget } from "../views/rows/forwardRows.ts";
import { hostTarget } from "../views/targets.ts";
import type { TargetFinder } from "./command.ts";

/** A forward: that of the row, or one that the user chooses. A text from elsewhere names none. */
export function aForward(
  forwards: ForwardService,
  title: () => string,
  accept: (forward: ForwardSnapshot) => boolean = () => true,
): TargetFinder<ForwardSnapshot> {
  return {
    onOurs: (_, targets) => {
      const id = forwardTarget.in(targets);
      const forward = id === undefined ? undefined : forwards.forward(id);
      return forward !== undefined ? { target: forward } : id === undefined ? "ask" : "end";
    },
    named: () => undefined,
    ask: async (_, near) => {
      const host = hostTarget.in(near);
      const all = nearFirst(forwards.forwards().filter(accept), (forward) => forward.host === host);
      if (all.length === 0) {
        inform(t("Nothing is forwarded."));
        return undefined;
      }
      const chosen = await pickOne(
        all.map((forward) => ({
          label: forwardLabel(forward),
          description: `${forward.host} · ${forwardStateText(forward)}`,
          forward,
        })),
        { title: title(), placeHolder: t("Choose a forward"), matchOnDescription: true },
        all[0]?.host === host ? "first" : "none",
      );
      return chosen?.forward;
    },
  };
}
