import { t } from "../../base/localize.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostOf } from "./commandTarget.ts";

/** A new terminal on the host. */
export const openTerminal: CommandHandler = async ({ service, terminals, hostPick }, argument) => {
  const host = hostOf(argument, service.masters()) ?? (await hostPick.ask(t("Open SSH Terminal")));
  if (host !== undefined) {
    // How it goes shows in the terminal itself, and a failure is presented there.
    terminals.open(host);
  }
};
