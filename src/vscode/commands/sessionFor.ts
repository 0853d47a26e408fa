import type { Session } from "../../session/sessionTypes.ts";
import type { CommandContext } from "./commandContext.ts";
import { liveIdsOf } from "./commandTarget.ts";

/** The session that `argument` names, or that the person chooses. */
export async function sessionFor(
  { service, livePick }: Pick<CommandContext, "service" | "livePick">,
  argument: unknown,
  title: string,
): Promise<Session | undefined> {
  const ids = liveIdsOf(argument, service) ?? liveIdsOf(await livePick.ask(title, "sessions"), service) ?? [];
  return ids.map((id) => service.session(id)).find((session) => session !== undefined);
}
