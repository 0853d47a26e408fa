import * as vscode from "vscode";

/**
 * Whether the terminals run on the computer of this process. In a remote window they run on the other computer, and a
 * PATH of this one would break them. On Windows false, too: there are no sockets that only one user can open.
 * @param kind of this extension: where it runs
 */
export function terminalsAreHere(
  kind: vscode.ExtensionKind,
  platform: NodeJS.Platform = process.platform,
): boolean {
  return (
    (vscode.env.remoteName === undefined || kind === vscode.ExtensionKind.Workspace) && platform !== "win32"
  );
}
