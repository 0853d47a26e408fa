import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aHost } from "./hostFinders.ts";

/** A new terminal on the host. */
export const openTerminal = command(
  aHost(() => t("Open SSH Terminal")),
  async ({ terminals }, host) => {
    // How it goes shows in the terminal itself, and a failure is presented there.
    terminals.open(host).catch(() => {});
  },
);
