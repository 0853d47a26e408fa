/** The elements of the trees: names of things, no state. Commands get them as their argument. */
import type { ConfigProblem, HostEntry } from "../config/configPorts.ts";

export type LiveNode =
  | { readonly kind: "master"; readonly id: string }
  | { readonly kind: "session"; readonly id: string; readonly masterId: string }
  /** How the last sessions ended, in one fold. */
  | { readonly kind: "history"; readonly id: "history" }
  | { readonly kind: "endedSession"; readonly id: string };

export type HostNode =
  | { readonly kind: "host"; readonly entry: HostEntry }
  | { readonly kind: "problem"; readonly problem: ConfigProblem };

export type TreeNode = LiveNode | HostNode;

/** Whether a command's argument is one of our tree elements: menus pass them, key bindings pass anything. */
export function isTreeNode(argument: unknown): argument is TreeNode {
  return (
    typeof argument === "object" &&
    argument !== null &&
    "kind" in argument &&
    (argument.kind === "master" ||
      argument.kind === "session" ||
      argument.kind === "history" ||
      argument.kind === "endedSession" ||
      argument.kind === "host" ||
      argument.kind === "problem")
  );
}
