import { randomBytes } from "node:crypto";
import type { Memento } from "vscode";
import { workspaceIdKey } from "../settings/contributionIds.ts";

/** A name of the workspace whose open terminals this memento remembers, also for a window without a folder. */
export function workspaceId(memento: Memento): string {
  const known = memento.get<unknown>(workspaceIdKey);
  if (typeof known === "string" && /^[0-9a-f]{16}$/.test(known)) {
    return known;
  }
  const made = randomBytes(8).toString("hex");
  void memento.update(workspaceIdKey, made);
  return made;
}
