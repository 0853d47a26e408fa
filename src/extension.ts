import * as vscode from "vscode";
import type { SshSessionsApi } from "./api.ts";
import { useTranslations } from "./base/localize.ts";
import { compose } from "./compositionRoot.ts";

/** Called by VS Code when something of ours is used for the first time. */
export function activate(context: vscode.ExtensionContext): SshSessionsApi {
  // VS Code has read the bundle of its own language already; for English there is none.
  useTranslations(vscode.l10n.bundle);
  const extension = compose(context);
  context.subscriptions.push(extension);
  return extension.api;
}
