/** Finders of hosts, and of places in files. */
import { hostsTarget, hostTarget, placeTarget, type Target } from "../views/targets.ts";
import type { TargetFinder } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";

type Named<T> = { readonly target: T; readonly host: string } | undefined;

function onHost(_: CommandContext, targets: readonly Target[]): { readonly target: string } | "ask" {
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

/** The host of the active terminal; without one, a host that is chosen from all or typed. */
export function theActiveHost(title: () => string): TargetFinder<string> {
  return { ...aHost(title), inActive: onHost };
}

/** The host of the row. It does not ask. */
export const theHost: TargetFinder<string> = {
  onOurs: onHost,
  named: namedHost,
  ask: async () => undefined,
};

/** A typed host that is not listed anywhere. */
export function aTypedHost(title: () => string): TargetFinder<string> {
  return { onOurs: onHost, named: namedHost, ask: async ({ hostPick }) => await hostPick.askTyped(title()) };
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
      return found === "ask" ? found : { target: [found.target] };
    },
    named: (context, text) => {
      const named = namedHost(context, text);
      return named && { target: [named.target], host: named.host };
    },
    ask: async ({ hostPick }, near) => await hostPick.askSeveral(title(), hostTarget.in(near)),
  };
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
