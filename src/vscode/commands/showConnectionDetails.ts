import { t } from "../../base/localize.ts";
import type { CommandHandler } from "./commandContext.ts";
import { connectionFor } from "./connectionFor.ts";

/** Opens the page with what is known of a connection. */
export const showConnectionDetails: CommandHandler = async (context, argument) => {
  const master =
    typeof argument === "string"
      ? context.service.masters().find(({ id }) => id === argument)
      : await connectionFor(
          context,
          argument,
          t("Show Connection Details"),
          () => true,
          t("No SSH connection is open."),
        );
  if (master !== undefined) {
    context.details.show(master.id);
  }
};
