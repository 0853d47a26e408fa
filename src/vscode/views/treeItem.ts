import * as vscode from "vscode";
import type { Fold, ItemPresentation, Row } from "./row.ts";

/**
 * The tree item for a row. The hover is made when it opens.
 * @param clickCommand called without arguments by a click on the row. VS Code keeps a command's arguments with the
 * drawn row (extHostCommands.ts, CommandsConverter): a click that crosses the next drawing would run nothing.
 */
export function toTreeItem(
  row: Row,
  id: string,
  presentation: ItemPresentation | undefined,
  fold: Fold | undefined,
  clickCommand: string,
): vscode.TreeItem {
  const item = new vscode.TreeItem(presentation?.label ?? "");
  item.id = id;
  if (presentation === undefined) {
    return item;
  }
  item.description = presentation.description;
  item.contextValue = presentation.contextValue;
  item.iconPath = themeIcon(presentation.icon);
  item.accessibilityInformation = { label: presentation.accessibleLabel };
  item.collapsibleState = collapsibleState(fold);
  const click = row.source.click(row);
  if (click !== undefined) {
    item.command = { command: clickCommand, title: click.title };
  }
  return item;
}

/** An icon of VS Code's set, in a colour of the theme. */
export function themeIcon({ id, color }: ItemPresentation["icon"]): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
}

function collapsibleState(fold: Fold | undefined): vscode.TreeItemCollapsibleState {
  const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
  switch (fold) {
    case "expanded":
      return Expanded;
    case "collapsed":
      return Collapsed;
    case undefined:
      return None;
  }
}
