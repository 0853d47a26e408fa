import * as vscode from "vscode";

/** Opens a file of this machine in an editor, at a line that counts from 1. */
export async function openFileAt(file: string, line?: number): Promise<void> {
  const position = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    selection: new vscode.Range(position, position),
  });
}

/** Opens a file that may not exist yet: then as an empty editor that will be saved there. */
export async function openOrCreateFile(file: string): Promise<void> {
  const uri = vscode.Uri.file(file);
  try {
    await vscode.workspace.fs.stat(uri);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") {
      await vscode.window.showTextDocument(
        await vscode.workspace.openTextDocument(uri.with({ scheme: "untitled" })),
      );
      return;
    }
    throw error;
  }
  await vscode.window.showTextDocument(uri);
}
