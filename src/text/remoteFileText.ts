/** What is said when a path in a terminal can't be opened. No vscode. */
import { printable } from "../base/log.ts";
import { largestRemoteFile, RemoteFileError } from "../remote/remoteFile.ts";
import { formatBytes } from "./sessionDetails.ts";

export function noDirectoryText(path: string, host: string): string {
  return `${printable(path, 200)} can't be found: the shell on ${printable(host, 100)} does not tell its folder. Shell integration (OSC 7 or OSC 633) would.`;
}

export function openOnHostText(path: string, host: string): string {
  return `Open ${printable(path, 200)} on ${printable(host, 100)}`;
}

export function remoteFileProblemText(error: unknown, path: string, host: string): string {
  const where = `${printable(path, 200)} on ${printable(host, 100)}`;
  if (!RemoteFileError.is(error)) {
    return `${where} can't be read: ${printable(error instanceof Error ? error.message : String(error), 300)}`;
  }
  switch (error.reason) {
    case "missing":
      return `${where} does not exist.`;
    case "folder":
      return `${where} is a folder.`;
    case "special":
      return `${where} is a device, a pipe or a socket, and is not opened.`;
    case "unreadable":
      return `You may not read ${where}.`;
    case "too-large":
      return `${where} is larger than ${formatBytes(largestRemoteFile)}, and is not shown.`;
    case "binary":
      return `${where} is a binary file, and is not shown.`;
    case "failed":
      return `${where} can't be read.`;
  }
}
