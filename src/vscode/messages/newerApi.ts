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
