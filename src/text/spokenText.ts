/** What screen readers say for the short forms of a row. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { destinationText } from "./humanText.ts";

/** A description without dots and arrows: `1 session, sent 20 B, received 4.9 KiB`. */
export function spokenDescription(description: string): string {
  return description
    .replace(/↑ (.+?) ↓ (.+)$/, (_, sent: string, received: string) =>
      t("sent {0}, received {1}", sent, received),
    )
    .replaceAll(" · ", ", ");
}

/** With the address and the user of the connection. */
export function spokenOn(text: string, destination: Parameters<typeof destinationText>[0]): string {
  return t("{0}, on {1}", text, printable(destinationText(destination)));
}
