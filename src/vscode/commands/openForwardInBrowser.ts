import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { copiedText } from "../../text/copyWords.ts";
import { otherMachineText } from "../../text/forwardText.ts";
import { showBriefly, showMessage } from "../messages/messages.ts";
import { extensionId } from "../settings/contributionIds.ts";
import { isBrowsable } from "../views/forwardPresentation.ts";
import { browserAddress, type ExtensionPlace } from "./browserAddress.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Ports on which web servers usually require TLS. */
const tlsPorts: readonly number[] = [443, 8443];

/** Opens a forward's target in the browser. */
export function openForwardInBrowser(forwards: ForwardService): Command {
  const finder = aForward(forwards, () => t("Open in Browser"), isBrowsable);
  return command(finder, async (_, forward) => await openInBrowser(forward));
}

/** @param known the scheme, if a program has printed it */
export async function openInBrowser(
  { addresses, spec }: Pick<ForwardSnapshot, "addresses" | "spec">,
  known?: "http" | "https",
): Promise<void> {
  const [first] = addresses;
  if (first === undefined) {
    return;
  }
  const address = browserAddress(addresses, extensionPlace());
  if (address === undefined) {
    const copy = t("Copy Address");
    if ((await showMessage("warning", otherMachineText(first), {}, copy)) === copy) {
      await vscode.env.clipboard.writeText(first);
      showBriefly(copiedText(first), 4000);
    }
    return;
  }
  const target = spec.kind === "local" && spec.target.type === "tcp" ? spec.target.port : 80;
  const scheme = known ?? (tlsPorts.includes(target) ? "https" : "http");
  await vscode.env.openExternal(vscode.Uri.parse(`${scheme}://${address}/`));
}

function extensionPlace(): ExtensionPlace {
  if (vscode.env.remoteName === undefined) {
    return "local";
  }
  const kind = vscode.extensions.getExtension(extensionId)?.extensionKind;
  return kind === vscode.ExtensionKind.Workspace ? "onRemote" : "besideRemote";
}
