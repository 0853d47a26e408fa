import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import {
  fitsArgument,
  type ScriptInput,
  scriptCommand,
  splitWords,
} from "../../session/run/remoteCommand.ts";
import { scriptInputChoices, scriptInputTitle } from "../../text/scriptText.ts";
import { askLine, inform, pickOne } from "../messages/messages.ts";
import { command, optional } from "./command.ts";
import { hosts } from "./hostFinders.ts";
import { runAndShow } from "./runOnHosts.ts";

/** "Run Script on Host…": the selection, or the active file, is sent to an interpreter on the host. */
export const runScript = command(optional(hosts(() => "")), async (context, { given }) => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    inform(t("Open the script in an editor first."));
    return;
  }
  const { document, selection } = editor;
  const script = document.getText(selection.isEmpty ? undefined : selection);
  const name = document.uri.path.split("/").at(-1) ?? "script";
  const what = selection.isEmpty ? name : t("the selection of {0}", name);
  const chosen = given ?? (await context.hostPick.askSeveral(t("Run {0} on Host", what)));
  if (chosen === undefined) {
    return;
  }
  const line = await askLine({
    title: t("Run {0}", what),
    prompt: t("Arguments of the script; empty for none"),
    ignoreFocusOut: true,
  });
  if (line === undefined) {
    return;
  }
  const input = fitsArgument(script) ? await scriptInput() : "stdin";
  if (input === undefined) {
    return;
  }
  const sent = scriptCommand(script, splitWords(line), input, name);
  await runAndShow(context, chosen, sent, `${name} ${line}`.trim(), {
    kind: "script",
    stdin: script.replaceAll("\r\n", "\n"),
  });
});

async function scriptInput(): Promise<ScriptInput | undefined> {
  const chosen = await pickOne(scriptInputChoices(), {
    title: scriptInputTitle(),
    ignoreFocusOut: true,
  });
  return chosen?.input;
}
