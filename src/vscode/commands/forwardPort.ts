import { CancelledError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import type { ForwardSpec } from "../../config/forwardSpec.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardBox } from "../prompts/forwardBox.ts";
import type { RecentHosts } from "../settings/recentHosts.ts";
import { type Command, command } from "./command.ts";
import { type ForwardOutcomeInit, tellForward } from "./forwardOutcome.ts";
import { theActiveHost } from "./hostFinders.ts";

/** "Forward Port…": one box that takes every kind of forward. */
export function forwardPort(forwards: ForwardService, box: ForwardBox): Command {
  return command(
    theActiveHost(() => t("Forward Port")),
    async ({ presenter, recent }, host) => {
      const spec = await box.ask(host);
      if (spec !== undefined) {
        await recent.addTried(host);
        await startForward({ forwards, presenter }, recent, host, spec);
      }
    },
  );
}

async function startForward(
  context: ForwardOutcomeInit,
  recent: RecentHosts,
  host: string,
  spec: ForwardSpec,
): Promise<void> {
  try {
    const forward = await context.forwards.start({ host, spec, origin: { kind: "person" } });
    await recent.addWorking(host);
    await tellForward(context, forward);
  } catch (error) {
    if (CancelledError.is(error)) {
      return;
    }
    await context.presenter.present(error, host, () => startForward(context, recent, host, spec));
  }
}
