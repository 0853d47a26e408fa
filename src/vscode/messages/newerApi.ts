/**
 * The one place for what the oldest VS Code that package.json allows may lack. Its types know nothing of it: each is
 * asked for by name, and has a fallback.
 */
import type * as vscode from "vscode";

/**
 * Keeps the order of the items. VS Code otherwise sorts what matches by its label (quickInputTree.ts). The property is in no
 * published type (proposed API quickPickSortByLabel), and no published one does the same. Without it the rows that match at
 * their beginning come first.
 */
export function keepOrder(pick: vscode.QuickPick<vscode.QuickPickItem>): void {
  if ("sortByLabel" in pick) {
    pick.sortByLabel = false;
  }
}

/**
 * A view whose tree is disposed of can get another one in the same turn: the old one leaves what has its id by then alone.
 * In 1.90 it does not, and 1.139 is the oldest of which this is known (extHostTreeViews.ts).
 * @param version `vscode.version`.
 */
export function treesLeaveTheirSuccessor(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || minor >= 139;
}
