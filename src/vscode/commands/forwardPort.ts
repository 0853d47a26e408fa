import { t } from "../../base/localize.ts";
import { type ForwardSpec, isLoopback } from "../../config/forwardSpec.ts";
import { openListenerQuestion } from "../../text/forwardText.ts";
import { showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { tellForward } from "./forwardOutcome.ts";
import { aHost } from "./hostFinders.ts";

/** "Forward Port…": one box that takes every kind of forward. */
export const forwardPort = command(
  aHost(() => t("Forward Port")),
  async (context, host) => {
    const spec = await context.forwardBox.ask(host);
    if (spec !== undefined && (await mayListen(context, host, spec))) {
      await startForward(context, host, spec);
    }
  },
);

/** Asks first if other computers can reach the listener. */
async function mayListen({ resolver }: CommandContext, host: string, spec: ForwardSpec): Promise<boolean> {
  const config = await resolver.resolve(host).catch(() => undefined);
  if (spec.kind === "remote" || isLoopback(spec.listen, config?.forwarding.gatewayPorts === true)) {
    return true;
  }
  const { message, detail, action } = openListenerQuestion(spec);
  return (await showMessage("warning", message, { modal: true, detail }, action)) === action;
}

async function startForward(context: CommandContext, host: string, spec: ForwardSpec): Promise<void> {
  try {
    const forward = await context.forwards.start({ host, spec, origin: { kind: "person" } });
    await tellForward(context, forward);
  } catch (error) {
    await context.presenter.present(error, host, () => startForward(context, host, spec));
  }
}
