import { CancelledError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import type { ForwardSpec } from "../../config/forwardSpec.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { tellForward } from "./forwardOutcome.ts";
import { aHost } from "./hostFinders.ts";

/** "Forward Port…": one box that takes every kind of forward. */
export const forwardPort = command(
  aHost(() => t("Forward Port")),
  async (context, host) => {
    const spec = await context.forwardBox.ask(host);
    if (spec !== undefined) {
      await startForward(context, host, spec);
    }
  },
);

async function startForward(context: CommandContext, host: string, spec: ForwardSpec): Promise<void> {
  try {
    const forward = await context.forwards.start({ host, spec, origin: { kind: "person" } });
    await tellForward(context, forward);
  } catch (error) {
    if (CancelledError.is(error)) {
      return;
    }
    await context.presenter.present(error, host, () => startForward(context, host, spec));
  }
}
