/** The message for a path in a terminal that can't be opened. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { largestRemoteFile, RemoteFileError } from "../remote/remoteFile.ts";
import { formatBytes } from "./sessionDetails.ts";

export function noDirectoryText(path: string, host: string): string {
  return t(
    "{0} can't be found: the shell on {1} does not report its folder. Set up shell integration (OSC 7 or OSC 633) there.",
    printable(path, 200),
    printable(host, 100),
  );
}

export function openOnHostText(path: string, host: string): string {
  return t("Open {0} on {1}", printable(path, 200), printable(host, 100));
}

export function remoteFileProblemText(error: unknown, path: string, host: string): string {
  const [file, where] = [printable(path, 200), printable(host, 100)];
  if (!RemoteFileError.is(error)) {
    const said = printable(error instanceof Error ? error.message : String(error), 300);
    return t("{0} on {1} can't be read: {2}", file, where, said);
  }
  switch (error.reason) {
    case "missing":
      return t("{0} on {1} does not exist.", file, where);
    case "folder":
      return t("{0} on {1} is a folder.", file, where);
    case "special":
      return t("{0} on {1} is a device, a pipe or a socket, and can't be opened.", file, where);
    case "unreadable":
      return t("You do not have permission to read {0} on {1}.", file, where);
    case "too-large":
      return t(
        "{0} on {1} is larger than {2} and can't be shown.",
        file,
        where,
        formatBytes(largestRemoteFile),
      );
    case "binary":
      return t("{0} on {1} is a binary file and can't be shown.", file, where);
    case "failed":
      return t("{0} on {1} can't be read.", file, where);
  }
}
