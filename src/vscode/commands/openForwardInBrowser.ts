import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { isBrowsable } from "../views/forwardPresentation.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Ports on which web servers usually require TLS. */
const tlsPorts: readonly number[] = [443, 8443];

/** Opens a forward's target in the browser. */
export function openForwardInBrowser(forwards: ForwardService): Command {
  const finder = aForward(forwards, () => t("Open in Browser"), isBrowsable);
  return command(finder, async (_, { addresses: [address], spec }) => {
    if (address !== undefined) {
      const target = spec.kind === "local" && spec.target.type === "tcp" ? spec.target.port : 80;
      const scheme = tlsPorts.includes(target) ? "https" : "http";
      await vscode.env.openExternal(vscode.Uri.parse(`${scheme}://${addressToVisit(address)}/`));
    }
  });
}

/** A listener at every address is reached at that of loopback. */
function addressToVisit(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}
