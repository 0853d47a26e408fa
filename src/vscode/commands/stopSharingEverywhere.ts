import type { EveryTerminalSharing } from "../terminals/everyTerminalSharing.ts";
import { type Command, plainCommand } from "./command.ts";

/** Takes our line out of the user's ssh_config. */
export function stopSharingEverywhere(sharing: EveryTerminalSharing): Command {
  return plainCommand(async () => await sharing.takeOut());
}
