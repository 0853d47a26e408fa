/**
 * The only place for features that the oldest VS Code allowed by package.json may lack. Its types don't include them:
 * each is looked up by name, and has a fallback.
 */
import type * as vscode from "vscode";

/**
 * Keeps the order of the items. VS Code otherwise sorts matching items by their label (quickInputTree.ts). The
 * property is in no published type (proposed API quickPickSortByLabel), and no published one does the same. Without
 * it, rows that match at their start come first.
 */
export function keepOrder(pick: vscode.QuickPick<vscode.QuickPickItem>): void {
  if ("sortByLabel" in pick) {
    pick.sortByLabel = false;
  }
}

/**
 * When a view's tree is disposed, another tree can replace it in the same turn: VS Code then keeps what the new one
 * has registered under its id. 1.90 does not, and 1.139 is the oldest version known to do so (extHostTreeViews.ts).
 * @param version `vscode.version`.
 */
export function treesLeaveTheirSuccessor(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || minor >= 139;
}
