import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { copiedText } from "../../text/copyWords.ts";
import { destinationText } from "../../text/humanText.ts";
import { showBriefly } from "../messages/messages.ts";
import { addressTarget, connectionTarget } from "../views/targets.ts";
import { command, type TargetFinder } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** An address, or the host that has it. */
type Addressed = { readonly address: string } | { readonly host: string };

/** Copies `user@host:port` of a host, a connection or a session, or the address of a forward. */
export const copyAddress = command(
  anAddress(() => t("Copy Address")),
  copy,
);

/** The address of the row, that of its connection, or that of its host; or of a host that the user chooses. */
function anAddress(title: () => string): TargetFinder<Addressed> {
  const host = aHost(title);
  return {
    onOurs: (context, targets) => {
      const id = connectionTarget.in(targets);
      const master = context.service.masters().find((each) => each.id === id);
      const address = addressTarget.in(targets) ?? (master && destinationText(master.destination));
      if (address !== undefined) {
        return { target: { address } };
      }
      const found = host.onOurs(context, targets);
      return found === "ask" || found === "end" ? found : { target: { host: found.target } };
    },
    named: (context, text) => {
      const named = host.named(context, text);
      return named && { target: { host: named.target }, host: named.host };
    },
    ask: async (context, near) => {
      const asked = await host.ask(context, near);
      return asked === undefined ? undefined : { host: asked };
    },
  };
}

async function copy(context: CommandContext, target: Addressed): Promise<void> {
  if ("address" in target) {
    await vscode.env.clipboard.writeText(target.address);
    showBriefly(copiedText(target.address), 4000, "copy");
    return;
  }
  try {
    await copy(context, { address: destinationText(await context.resolver.resolve(target.host)) });
  } catch (error) {
    await context.presenter.present(error, target.host, () => copy(context, target));
  }
}
