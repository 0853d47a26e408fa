import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aConnection } from "./liveFinders.ts";

/** Opens the details page of a connection. */
export const showConnectionDetails = command(
  aConnection({
    title: () => t("Show Connection Details"),
    accept: () => true,
    none: () => t("No SSH connection is open."),
  }),
  async ({ details }, master) => details.show(master.id),
);
