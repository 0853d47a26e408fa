import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { noAccessGranted } from "../../text/extensionAccessText.ts";
import { inform, pickMany } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Revokes the access of other extensions to the chosen hosts. */
export const revokeExtensionAccess = plainCommand(async ({ access }) => {
  const grants = access.grants();
  if (grants.length === 0) {
    inform(noAccessGranted());
    return;
  }
  const chosen = await pickMany(
    grants.map(({ key, host, destination, since }) => ({
      label: printable(host),
      description: printable(destination),
      detail: t("Allowed on {0}", new Date(since).toLocaleDateString()),
      key,
      picked: true,
    })),
    {
      title: t("Revoke Extension Access"),
      placeHolder: t("Choose the hosts that other extensions may no longer use"),
      matchOnDescription: true,
    },
  );
  if (chosen !== undefined && chosen.length > 0) {
    await access.revoke(chosen.map(({ key }) => key));
  }
});
