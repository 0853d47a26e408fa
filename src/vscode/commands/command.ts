/**
 * What a command is: what it acts on, and what it does with that. VS Code passes a row of ours, a terminal, a text of a
 * stranger or nothing; `commandCalls.ts` says which, and the command's finder makes a typed target of it, or asks. No
 * vscode.
 */
import type { Target } from "../views/targets.ts";
import type { CommandContext } from "./commandContext.ts";

/** What a command was called on. */
export type CallSource =
  /** Nothing: the palette, a key. */
  | { readonly kind: "nothing" }
  /** A row of ours, or a terminal of ours. */
  | { readonly kind: "ours"; readonly targets: readonly Target[] }
  /** A text from elsewhere: another extension, a link, a key binding with arguments. */
  | { readonly kind: "named"; readonly text: string };

/** `ask`: the person has to say; `end`: there is nothing to do, which was said. */
export type Found<T> = { readonly target: T } | "ask" | "end";

/** Finds what a command acts on. */
export interface TargetFinder<T> {
  /** What the row or the terminal stands for. */
  onOurs(context: CommandContext, targets: readonly Target[]): Found<T>;
  /** What a stranger's text names, and the host whose owner has to agree; undefined: nothing. */
  named(context: CommandContext, text: string): { readonly target: T; readonly host: string } | undefined;
  /** Asks. Undefined: dismissed, or there is nothing to choose from, which was said. */
  ask(context: CommandContext): Promise<T | undefined>;
}

/** A command whose target is erased, so that all stand in one table. */
export interface Command {
  /** The host that a stranger's text is about; undefined: it names nothing that the command acts on. */
  hostAtStake(context: CommandContext, text: string): string | undefined;
  run(context: CommandContext, source: CallSource): Promise<void>;
}

/** The host for which a stranger needs the person's consent; undefined: the call is the person's own, or asks. */
export function strangerHost(
  { hostAtStake }: Pick<Command, "hostAtStake">,
  context: CommandContext,
  source: CallSource,
): string | undefined {
  return source.kind === "named" ? hostAtStake(context, source.text) : undefined;
}

/** A command that acts on something. */
export function command<T>(
  finder: TargetFinder<T>,
  act: (context: CommandContext, target: T) => Promise<void>,
): Command {
  return {
    hostAtStake: (context, text) => finder.named(context, text)?.host,
    run: async (context, source) => {
      const found = find(finder, context, source);
      if (found === "end") {
        return;
      }
      if (found !== "ask") {
        await act(context, found.target);
        return;
      }
      const asked = await finder.ask(context);
      if (asked !== undefined) {
        await act(context, asked);
      }
    },
  };
}

/** A command that acts on everything, or on what it finds out itself. */
export function plainCommand(act: (context: CommandContext) => Promise<void>): Command {
  return { hostAtStake: () => undefined, run: async (context) => await act(context) };
}

/** Does not ask: what is not given is undefined. */
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

function find<T>(finder: TargetFinder<T>, context: CommandContext, source: CallSource): Found<T> {
  switch (source.kind) {
    case "nothing":
      return "ask";
    case "ours":
      return finder.onOurs(context, source.targets);
    case "named": {
      const named = finder.named(context, source.text);
      return named === undefined ? "ask" : { target: named.target };
    }
  }
}
