/**
 * A command: its target, and its action. VS Code passes one of our rows, a terminal, another extension's text, or
 * nothing; `commandCalls.ts` finds out which, and the command's finder turns it into a typed target, or asks the
 * user. No vscode.
 */
import type { CommandId } from "../settings/contributionIds.ts";
import type { Target } from "../views/targets.ts";
import type { CommandContext } from "./commandContext.ts";

/** What a command was called with. */
export type CallSource =
  /** Nothing: from the palette or a key. */
  | { readonly kind: "nothing" }
  /** One of our rows or terminals. */
  | {
      readonly kind: "ours";
      readonly targets: readonly Target[];
      /** By a key: a row without a target of the command's kind is left alone. */
      readonly onKey?: true;
    }
  /** A text from elsewhere: another extension, a link, a key binding with arguments. */
  | { readonly kind: "named"; readonly text: string };

/** `ask`: the user has to choose; `end`: there is nothing to do, and a message said so. */
export type Found<T> = { readonly target: T } | "ask" | "end";

/** Finds the target of a command. */
export interface TargetFinder<T> {
  /** The target of the row or the terminal. */
  onOurs(context: CommandContext, targets: readonly Target[]): Found<T>;
  /** The target that a text from elsewhere names, and the host for which consent is needed; undefined: none. */
  named(context: CommandContext, text: string): { readonly target: T; readonly host: string } | undefined;
  /**
   * The target of the active terminal, for a call from the palette or a key; `ask`: it has none. Absent: the command
   * asks, because its target need not be in a terminal, or because a wrong one could do harm.
   */
  readonly inActive?: (context: CommandContext, targets: readonly Target[]) => { readonly target: T } | "ask";
  /**
   * Asks the user. Undefined: dismissed, or nothing to choose from, which a message has reported.
   * @param near targets of the active terminal, listed first
   */
  ask(context: CommandContext, near: readonly Target[]): Promise<T | undefined>;
}

/** A command without its target type, so that all fit into one table. */
export interface Command {
  /** The host that a text from elsewhere concerns; undefined: it names no target of this command. */
  hostAtStake(context: CommandContext, text: string): string | undefined;
  run(context: CommandContext, source: CallSource): Promise<void>;
}

/** Commands by their ids, which package.json has as well (a test compares them). */
export type Commands = Readonly<Record<CommandId, Command>>;

/**
 * The host for which a call from elsewhere needs the user's consent; undefined: the user made the call, or will be
 * asked.
 */
export function strangerHost(
  { hostAtStake }: Pick<Command, "hostAtStake">,
  context: CommandContext,
  source: CallSource,
): string | undefined {
  return source.kind === "named" ? hostAtStake(context, source.text) : undefined;
}

/** A command with a target. */
export function command<T>(
  finder: TargetFinder<T>,
  act: (context: CommandContext, target: T) => Promise<void>,
): Command {
  return {
    hostAtStake: (context, text) => finder.named(context, text)?.host,
    run: async (context, source) => {
      const near = source.kind === "nothing" ? context.terminals.activeTargets() : [];
      const found = find(finder, context, source, near);
      if (found === "end") {
        return;
      }
      if (found !== "ask") {
        await act(context, found.target);
        return;
      }
      if (source.kind === "ours" && source.onKey === true) {
        return;
      }
      const asked = await finder.ask(context, near);
      if (asked !== undefined) {
        await act(context, asked);
      }
    },
  };
}

/** A command that applies to everything, or finds its own target. */
export function plainCommand(act: (context: CommandContext) => Promise<void>): Command {
  return { hostAtStake: () => undefined, run: async (context) => await act(context) };
}

/** A finder that does not ask: without a given target, it is undefined. */
export function optional<T>(finder: TargetFinder<T>): TargetFinder<{ readonly given: T | undefined }> {
  return {
    onOurs: (context, targets) => {
      const found = finder.onOurs(context, targets);
      return found === "ask" || found === "end" ? found : { target: { given: found.target } };
    },
    named: (context, text) => {
      const named = finder.named(context, text);
      return named && { target: { given: named.target }, host: named.host };
    },
    ask: async () => ({ given: undefined }),
  };
}

function find<T>(
  finder: TargetFinder<T>,
  context: CommandContext,
  source: CallSource,
  near: readonly Target[],
): Found<T> {
  switch (source.kind) {
    case "nothing":
      return finder.inActive === undefined || near.length === 0 ? "ask" : finder.inActive(context, near);
    case "ours":
      return finder.onOurs(context, source.targets);
    case "named": {
      const named = finder.named(context, source.text);
      return named === undefined ? "ask" : { target: named.target };
    }
  }
}
