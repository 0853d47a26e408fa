import type * as vscode from "vscode";
import type { SshSessionsApi } from "./api.ts";
import { compose } from "./compositionRoot.ts";

/** Called by VS Code when something of ours is used for the first time. */
export function activate(context: vscode.ExtensionContext): SshSessionsApi {
  const extension = compose(context);
  context.subscriptions.push(extension);
  return extension.api;
}
