/** The elements of the trees: names of things, no state. Commands get them as their argument. */
import type { ConfigProblem, HostEntry } from "../../config/configPorts.ts";
import type { RemoteNote } from "./remotePresentation.ts";

export type LiveNode =
  | { readonly kind: "master"; readonly id: string }
  | { readonly kind: "session"; readonly id: string; readonly masterId: string }
  /** What the server itself sees, in one fold below its master. */
  | { readonly kind: "onServer"; readonly masterId: string }
  /** `id`: of a RemoteSession. */
  | { readonly kind: "remoteSession"; readonly id: string; readonly masterId: string }
  | { readonly kind: "remoteNote"; readonly note: RemoteNote; readonly masterId: string }
  /** The terminals that were open before the window reloaded. */
  | { readonly kind: "before"; readonly id: "before" }
  /** How the last sessions ended, in one fold. */
  | { readonly kind: "history"; readonly id: "history" }
  | { readonly kind: "endedSession"; readonly id: string };

export type RemoteNode = Extract<LiveNode, { readonly kind: "onServer" | "remoteSession" | "remoteNote" }>;

export type HostNode =
  /** The fold of typed hosts that nothing lists, and one of them. */
  | { readonly kind: "recentHosts" }
  | { readonly kind: "recentHost"; readonly spec: string }
  | { readonly kind: "host"; readonly entry: HostEntry }
  | { readonly kind: "problem"; readonly problem: ConfigProblem };

/** A terminal of ours whose menu calls a command. `sessionId`: of the session that is or was last in it. */
export interface TerminalNode {
  readonly kind: "terminal";
  readonly host: string;
  readonly sessionId?: string;
}

export type TreeNode = LiveNode | HostNode | TerminalNode;

const ownNodes = new WeakSet<object>();

/** Marks a node as made by our views. */
export function ownNode<T extends TreeNode>(node: T): T {
  ownNodes.add(node);
  return node;
}

/** Whether a command's argument is the very object that one of our rows passes, and not one that looks like it. */
export function isOwnNode(argument: unknown): argument is TreeNode {
  return typeof argument === "object" && argument !== null && ownNodes.has(argument);
}

/** Unique among all nodes of the Live view, and the same for the same thing. */
export function nodeKey(node: LiveNode): string {
  switch (node.kind) {
    case "master":
    case "session":
    case "before":
    case "history":
      return node.id;
    case "endedSession":
      return `ended ${node.id}`;
    case "onServer":
      return `server ${node.masterId}`;
    case "remoteSession":
      return `server ${node.masterId} session ${node.id}`;
    case "remoteNote":
      return `server ${node.masterId} note ${node.note}`;
  }
}

/** Whether a command's argument is one of our tree elements: menus pass them, key bindings pass anything. */
export function isTreeNode(argument: unknown): argument is TreeNode {
  return (
    typeof argument === "object" &&
    argument !== null &&
    "kind" in argument &&
    (argument.kind === "master" ||
      argument.kind === "session" ||
      argument.kind === "onServer" ||
      argument.kind === "remoteSession" ||
      argument.kind === "remoteNote" ||
      argument.kind === "before" ||
      argument.kind === "history" ||
      argument.kind === "endedSession" ||
      argument.kind === "host" ||
      argument.kind === "terminal" ||
      argument.kind === "recentHosts" ||
      argument.kind === "recentHost" ||
      argument.kind === "problem")
  );
}
