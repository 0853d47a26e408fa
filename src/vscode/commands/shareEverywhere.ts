import type { EveryTerminalSharing } from "../terminals/everyTerminalSharing.ts";
import { type Command, plainCommand } from "./command.ts";

/** Adds our line to the user's ssh_config, after a diff and a question. */
export function shareEverywhere(sharing: EveryTerminalSharing): Command {
  return plainCommand(async () => await sharing.ask());
}
