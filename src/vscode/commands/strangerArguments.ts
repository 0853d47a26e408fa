/**
 * Who calls a command: a row of our views passes its own node, the palette and a plain key binding pass nothing.
 * Anything else comes from elsewhere: another extension, a link, a key binding with arguments. No vscode.
 */
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { CommandId } from "../settings/contributionIds.ts";
import { isOwnNode } from "../views/treeNodes.ts";

export type CommandCall =
  /** From the person's own hands: `argument` is a node of our trees or undefined. */
  | { readonly kind: "own"; readonly argument: unknown }
  /** From elsewhere, about `host`, which needs the person's consent. */
  | { readonly kind: "stranger"; readonly argument: string; readonly host: string };

/** Commands whose argument is the id of a connection or session; for all others it is a host. */
const takesId: ReadonlySet<CommandId> = new Set([
  "sshSessions.disconnect",
  "sshSessions.kill",
  "sshSessions.revealTerminal",
  "sshSessions.renameSession",
  "sshSessions.showSessionDetails",
  "sshSessions.showConnectionDetails",
  "sshSessions.sendEof",
  "sshSessions.sendSignal",
  "sshSessions.sendBreak",
  "sshSessions.extendLimits",
]);

/**
 * A stranger's object is dropped, even one that looks like a row's: the command then asks the person, as it does from
 * the palette. So is an id that names nothing.
 */
export function commandCall(
  id: CommandId,
  argument: unknown,
  masters: readonly MasterSnapshot[],
): CommandCall {
  if (isOwnNode(argument)) {
    return { kind: "own", argument };
  }
  if (typeof argument !== "string" || argument.trim() === "") {
    return { kind: "own", argument: undefined };
  }
  if (!takesId.has(id)) {
    return { kind: "stranger", argument, host: argument.trim() };
  }
  const host = hostOfId(argument, masters);
  return host === undefined ? { kind: "own", argument: undefined } : { kind: "stranger", argument, host };
}

/** The host of a connection or of a session on it. */
export function hostOfId(id: string, masters: readonly MasterSnapshot[]): string | undefined {
  for (const master of masters) {
    if (master.id === id) {
      return master.spec;
    }
    const session = master.sessions.find((each) => each.id === id);
    if (session !== undefined) {
      return session.spec;
    }
  }
  return undefined;
}
