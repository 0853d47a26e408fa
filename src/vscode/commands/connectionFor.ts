import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { inform } from "../messages/messages.ts";
import type { CommandContext } from "./commandContext.ts";
import { masterIdOf } from "./commandTarget.ts";

/**
 * The connection that `argument` names, or the only one that `accept` agrees with, or the one of those that the person
 * chooses. Undefined when there is none (which is then said: `none`), or the choice is dismissed.
 */
export async function connectionFor(
  { service, livePick }: Pick<CommandContext, "service" | "livePick">,
  argument: unknown,
  title: string,
  accept: (master: MasterSnapshot) => boolean,
  none: string,
): Promise<MasterSnapshot | undefined> {
  const named = masterIdOf(argument, service);
  const masters = service
    .masters()
    .filter((master) => accept(master) && (named === undefined || master.id === named));
  if (masters.length === 0) {
    inform(none);
    return undefined;
  }
  return masters.length === 1 ? masters[0] : await livePick.askConnection(title, masters);
}
