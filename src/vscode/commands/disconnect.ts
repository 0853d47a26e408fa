import type { CommandHandler } from "./commandContext.ts";
import { liveIdsOf } from "./commandTarget.ts";

/** Ends a connection or a session in order. */
export const disconnect: CommandHandler = async ({ service, livePick }, argument) => {
  const ids = liveIdsOf(argument, service) ?? liveIdsOf(await livePick.ask("Disconnect", "all"), service);
  await Promise.all((ids ?? []).map((id) => service.disconnect(id)));
};
