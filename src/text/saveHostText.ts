/** Texts for saving a typed host to ssh_config, and for forgetting it. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { type BlockConflict, type BlockLine, blockLines } from "../config/hostBlock.ts";
import { shortPath, valueSourceText } from "./valueSourceText.ts";

export const saveHostTitle = () => t("Save to SSH Config");
export const saveHostNamePrompt = () => t("Name of the host in the SSH config file");
export const invalidHostName = () => t("This name is not valid in a Host line.");
export const noTypedHosts = () => t("There are no typed hosts: all recent hosts are listed already.");

export function hostNameTaken(name: string): string {
  return t(`"{0}" is already listed.`, printable(name));
}

export function saveHostQuestion(file: string, home: string): string {
  return t("Append this block to {0}?", printable(shortPath(file, home)));
}

/** The new block, and what keeps some of its lines from taking effect. Plain text. */
export function saveHostDetail(
  lines: readonly BlockLine[],
  conflicts: readonly BlockConflict[],
  home: string,
): string {
  const block = blockLines(lines)
    .map((line) => printable(line, 1000))
    .join("\n");
  const doubts = conflicts.map(({ keyword, source }) =>
    t("{0} will have no effect: {1} takes precedence.", keyword, printable(valueSourceText(source, home))),
  );
  return [block, ...doubts].join("\n\n");
}

export function hostUnwritable(host: string, keyword: string, value: string): string {
  return t(
    `"{0}" can't be saved: {1} "{2}" can't be written in an SSH config file.`,
    printable(host),
    keyword,
    printable(value, 60),
  );
}

export function hostSaved(name: string): string {
  return t(`Saved "{0}" to the SSH config file.`, printable(name));
}

export const recentGroupLabel = () => t("Recent");
export const recentGroupHover = () =>
  t("Hosts that you typed and that are not in an SSH config file or a setting.");
export const typedHostHover = () => t("Typed; not in an SSH config file or a setting.");
