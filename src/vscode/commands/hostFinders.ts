/** Finders of hosts, and of places in files. */
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { noHostsToChoose } from "../../text/hostPickText.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { noTypedHosts } from "../../text/saveHostText.ts";
import { inform, pickMany, pickOne } from "../messages/messages.ts";
import { hostsTarget, hostTarget, placeTarget, type Target } from "../views/targets.ts";
import type { Found, TargetFinder } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";

type Named<T> = { readonly target: T; readonly host: string } | undefined;

function onHost(_: CommandContext, targets: readonly Target[]): Found<string> {
  const host = hostTarget.in(targets);
  return host === undefined ? "ask" : { target: host };
}

function namedHost(_: CommandContext, text: string): Named<string> {
  const host = text.trim();
  return host === "" ? undefined : { target: host, host };
}

/**
 * A host, chosen from all or typed.
 * @param first the host that is listed first: the active terminal's, or none.
 */
export function aHost(title: () => string, first: "active" | "none" = "active"): TargetFinder<string> {
  return {
    onOurs: onHost,
    named: namedHost,
    ask: async ({ hostPick }, near) =>
      await hostPick.ask(title(), { near: first === "active" ? hostTarget.in(near) : undefined }),
  };
}

/** The host of the row. It does not ask. */
export const theHost: TargetFinder<string> = {
  onOurs: onHost,
  named: namedHost,
  ask: async () => undefined,
};

/** A typed host that is not listed anywhere. */
export function aTypedHost(title: () => string): TargetFinder<string> {
  return { onOurs: onHost, named: namedHost, ask: async (context) => await askTypedHost(context, title()) };
}

async function askTypedHost(
  { resolver, recent }: CommandContext,
  title: string,
): Promise<string | undefined> {
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

/** One host, or several that the user chooses. Never none. */
export function hosts(title: () => string): TargetFinder<readonly string[]> {
  return {
    onOurs: (context, targets) => {
      const several = hostsTarget.in(targets);
      if (several !== undefined) {
        return { target: several };
      }
      const found = onHost(context, targets);
      return found === "ask" || found === "end" ? found : { target: [found.target] };
    },
    named: (context, text) => {
      const named = namedHost(context, text);
      return named && { target: [named.target], host: named.host };
    },
    ask: async (context, near) => await askHosts(context, title(), hostTarget.in(near)),
  };
}

export async function askHosts(
  { service, resolver, recent }: CommandContext,
  title: string,
  near?: string,
): Promise<readonly string[] | undefined> {
  const listed = (await resolver.hosts().catch(() => ({ hosts: [] }))).hosts.map(({ alias }) => alias);
  const live = new Set(service.masters().map(({ spec }) => spec));
  const aliases = [...new Set([...(near === undefined ? [] : [near]), ...live, ...recent.list(), ...listed])];
  if (aliases.length === 0) {
    inform(noHostsToChoose());
    return undefined;
  }
  const chosen = await pickMany(
    aliases.map((alias) => ({
      label: printable(alias),
      alias,
      description: live.has(alias) ? t("connected") : "",
    })),
    { title, placeHolder: t("Choose one or more hosts"), ignoreFocusOut: true },
  );
  return chosen === undefined || chosen.length === 0 ? undefined : chosen.map(({ alias }) => alias);
}

/** A place in a local file. A text from elsewhere names none. */
export const aPlace: TargetFinder<{ readonly file: string; readonly line?: number }> = {
  onOurs: (_, targets) => {
    const place = placeTarget.in(targets);
    return place === undefined ? "ask" : { target: place };
  },
  named: () => undefined,
  ask: async () => undefined,
};
