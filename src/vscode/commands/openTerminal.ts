import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aHost } from "./hostFinders.ts";

/** Opens a new terminal on the host. */
export const openTerminal = command(
  aHost(() => t("Open SSH Terminal"), "none"),
  async ({ terminals }, host) => {
    // The terminal itself shows its progress and any failure.
    terminals.open(host).catch(() => {});
  },
);
