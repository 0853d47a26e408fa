/** What people read when a typed host is saved to ssh_config or forgotten. No vscode. */
import { printable } from "../base/log.ts";
import { type BlockConflict, type BlockLine, blockLines } from "../config/hostBlock.ts";
import { shortPath, valueSourceText } from "./valueSourceText.ts";

export const saveHostTitle = "Save to SSH Config";
export const saveHostNamePrompt = "Name of the host in the SSH config file";
export const invalidHostName = "This is not a name that a Host line can have.";
export const noTypedHosts = "There is no typed host to choose: all recent hosts are listed.";

export function hostNameTaken(name: string): string {
  return `"${printable(name)}" is already listed.`;
}

export function saveHostQuestion(file: string, home: string): string {
  return `Append this block to ${printable(shortPath(file, home))}?`;
}

/** The block as it will stand in the file, and what keeps a line of it from counting. Plain text. */
export function saveHostDetail(
  lines: readonly BlockLine[],
  conflicts: readonly BlockConflict[],
  home: string,
): string {
  const block = blockLines(lines)
    .map((line) => printable(line, 1000))
    .join("\n");
  const doubts = conflicts.map(
    ({ keyword, source }) =>
      `${keyword} will not count: ${printable(valueSourceText(source, home))} comes first.`,
  );
  return [block, ...doubts].join("\n\n");
}

export function hostUnwritable(host: string, keyword: string, value: string): string {
  return `"${printable(host)}" can't be saved: ${keyword} "${printable(value, 60)}" can't be written in an SSH config file.`;
}

export function hostSaved(name: string): string {
  return `Saved "${printable(name)}" to the SSH config file.`;
}

export const recentGroupLabel = "Recent";
export const recentGroupHover = "Hosts that you typed and that no SSH config file or setting lists.";
export const typedHostHover = "Typed, and not listed in an SSH config file or a setting.";
