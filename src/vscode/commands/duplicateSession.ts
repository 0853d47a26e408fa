import { noSshTerminal } from "../../text/terminalMenuText.ts";
import { inform } from "../messages/messages.ts";
import { type SshTerminal, terminalTarget } from "../terminals/sshTerminals.ts";
import { hostTarget, sessionTarget } from "../views/targets.ts";
import { command, type TargetFinder } from "./command.ts";

/** A terminal, or the host of a row without one. */
type Duplicated = { readonly terminal: SshTerminal } | { readonly host: string };

const whatToDuplicate: TargetFinder<Duplicated> = {
  onOurs: ({ terminals }, targets) => {
    const id = sessionTarget.in(targets);
    const called = terminals.called(id === undefined ? undefined : terminals.terminalOf(id));
    const terminal = terminalTarget.in([...targets, ...(called?.kind === "ours" ? called.targets : [])]);
    const host = hostTarget.in(targets);
    return terminal !== undefined
      ? { target: { terminal } }
      : host === undefined
        ? "ask"
        : { target: { host } };
  },
  named: () => undefined,
  ask: async ({ terminals }) => {
    const terminal = terminals.active();
    if (terminal === undefined) {
      inform(noSshTerminal());
    }
    return terminal && { terminal };
  },
};

/** Opens another terminal with the same host and program, in a new tab. */
export const duplicateSession = command(whatToDuplicate, async ({ terminals }, target) => {
  if ("terminal" in target) {
    await terminals.openLike(target.terminal, "own tab");
  } else {
    // The terminal itself shows a failure.
    terminals.open(target.host).catch(() => {});
  }
});
