import * as vscode from "vscode";

/** Activates a terminal, because VS Code's terminal commands act on the active one. */
export async function bringToFront(terminal: vscode.Terminal): Promise<void> {
  if (vscode.window.activeTerminal === terminal) {
    return;
  }
  await new Promise<void>((resolve) => {
    const subscription = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTerminal((active) => {
        if (active === terminal) {
          subscription.dispose();
          resolve();
        }
      }),
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed === terminal) {
          subscription.dispose();
          resolve();
        }
      }),
    );
    terminal.show();
  });
}
