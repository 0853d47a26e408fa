import * as vscode from "vscode";
import { CancelledError } from "../../base/errors.ts";
import { ForwardError } from "../../engine/engineErrors.ts";
import { withoutDetection } from "../../forward/forwardEntries.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import type { DetectedPort } from "../../forward/portOffers.ts";
import { detectedPortText, detectionOffText } from "../../text/forwardText.ts";
import { inform, showMessage } from "../messages/messages.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import { type ForwardOutcomeInit, tellForward } from "./forwardOutcome.ts";
import { openInBrowser } from "./openForwardInBrowser.ts";

/** Offers a port of a server, and does what is chosen. Never rejects. */
export async function offerPort(port: DetectedPort, context: ForwardOutcomeInit): Promise<void> {
  const { message, forward, open, never } = detectedPortText(port);
  try {
    const answer = await showMessage("information", message, {}, forward, open, never);
    if (answer === never) {
      await turnOff(port.host);
    } else if (answer !== undefined) {
      await startForward(port, context, answer === open);
    }
  } catch (error) {
    if (!CancelledError.is(error)) {
      await context.presenter.present(error, port.host, () => offerPort(port, context));
    }
  }
}

async function startForward(port: DetectedPort, context: ForwardOutcomeInit, opens: boolean): Promise<void> {
  const { forwards } = context;
  const start = (listenPort: number): Promise<ForwardSnapshot> =>
    forwards.start({
      host: port.host,
      spec: {
        kind: "local",
        listen: { type: "tcp", port: listenPort },
        target: { type: "tcp", host: port.target, port: port.port },
      },
      origin: { kind: "person" },
    });
  let started = await start(port.port);
  const { state } = started;
  if (
    state.kind === "refused" &&
    ForwardError.is(state.error) &&
    (state.error.reason === "port-taken" || state.error.reason === "not-allowed")
  ) {
    // The same number is a convenience: any free port serves as well.
    forwards.stop(started.id);
    started = await start(0);
  }
  await tellForward(context, started);
  if (opens && started.state.kind === "listening") {
    await openInBrowser(started, port.scheme);
  }
}

async function turnOff(host: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(configurationSection, null);
  const value = configuration.inspect<unknown>(settingKeys.hosts)?.globalValue;
  const entries = withoutDetection(Array.isArray(value) ? value : [], host);
  await configuration.update(settingKeys.hosts, entries, vscode.ConfigurationTarget.Global);
  inform(detectionOffText(host));
}
