import * as vscode from "vscode";
import { printable } from "../../base/log.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Drops passwords and passphrases that were kept. */
export const forgetPassword: CommandHandler = async ({ secrets }) => {
  const keys = secrets.keys();
  if (keys.length === 0) {
    void vscode.window.showInformationMessage("No SSH password or passphrase is remembered.");
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    keys.map((key) => ({ label: printable(key), iconPath: new vscode.ThemeIcon("key"), key })),
    { title: "Forget Password", placeHolder: "Choose what to forget", canPickMany: true },
  );
  for (const { key } of chosen ?? []) {
    await secrets.delete(key);
  }
};
