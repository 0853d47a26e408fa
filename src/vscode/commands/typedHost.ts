import { printable } from "../../base/log.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { noTypedHosts } from "../../text/saveHostText.ts";
import { inform, pickOne } from "../messages/messages.ts";
import type { CommandContext } from "./commandContext.ts";
import { hostOf } from "./commandTarget.ts";

/** The typed host that `argument` names, or that the person chooses of those that nothing lists. */
export async function typedHost(
  { service, resolver, recent }: CommandContext,
  argument: unknown,
  title: string,
): Promise<string | undefined> {
  const named = hostOf(argument, service.masters());
  if (named !== undefined) {
    return named;
  }
  const listed = (await resolver.hosts().catch(() => ({ hosts: [] }))).hosts.map(({ alias }) => alias);
  const typed = recent.typed(new Set(listed));
  if (typed.length === 0) {
    inform(noTypedHosts());
    return undefined;
  }
  const chosen = await pickOne(
    typed.map((host) => ({ label: plainMessage(printable(host)), host })),
    { title },
  );
  return chosen?.host;
}
