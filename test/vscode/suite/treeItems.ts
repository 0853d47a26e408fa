import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { until } from "../../lab/until.ts";
import { recordedContributions } from "./recordedContributions.ts";

export interface ShownItem {
  readonly element: unknown;
  readonly item: vscode.TreeItem;
}

/** Rows of one level of a view, as VS Code would draw them, with their hovers. */
export async function treeItems(view: string, parent?: unknown): Promise<ShownItem[]> {
  const provider = recordedContributions().trees.get(view);
  assert.ok(provider, `no view ${view}`);
  const elements = (await provider.getChildren(parent)) ?? [];
  return await Promise.all(
    elements.map(async (element) => ({ element, item: await drawn(provider, element) })),
  );
}

async function drawn(provider: vscode.TreeDataProvider<unknown>, element: unknown): Promise<vscode.TreeItem> {
  const item = await provider.getTreeItem(element);
  const never: vscode.CancellationToken = {
    isCancellationRequested: false,
    onCancellationRequested: () => ({ dispose: () => undefined }),
  };
  return (await provider.resolveTreeItem?.(item, element, never)) ?? item;
}

export async function treeLabels(view: string, parent?: unknown): Promise<unknown[]> {
  return (await treeItems(view, parent)).map(({ item }) => item.label);
}

/** Waits until the Live view, which redraws shortly after a change, shows this as the last ended session. */
export async function endedAsLast(wanted: RegExp): Promise<void> {
  await until(async () => wanted.test((await endedSessions())[0] ?? ""), `${wanted} under Ended`);
}

/** Label and description of the ended sessions in the Live view, newest first. */
async function endedSessions(): Promise<string[]> {
  const fold = (await treeItems(viewIds.live)).find(({ item }) => item.label === "Ended");
  const ended = fold === undefined ? [] : await treeItems(viewIds.live, fold.element);
  return ended.map(({ item }) => `${item.label} ${item.description}`);
}
