import * as vscode from "vscode";
import { scriptCommand, splitWords } from "../../session/run/remoteCommand.ts";
import { askLine, inform } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostsFor, runAndShow } from "./runOnHosts.ts";

/** "Run Script on Host…": the selection, or the active file, is sent to a shell's standard input. */
export const runScript: CommandHandler = async (context, argument) => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    inform("Open the script in an editor first.");
    return;
  }
  const { document, selection } = editor;
  const script = document.getText(selection.isEmpty ? undefined : selection);
  const name = document.uri.path.split("/").at(-1) ?? "script";
  const what = selection.isEmpty ? name : `the selection of ${name}`;
  const hosts = await hostsFor(context, argument, `Run ${what} on Host`);
  if (hosts.length === 0) {
    return;
  }
  const line = await askLine({
    title: `Run ${what}`,
    prompt: "Arguments of the script; empty for none",
    ignoreFocusOut: true,
  });
  if (line === undefined) {
    return;
  }
  const command = scriptCommand(script, splitWords(line));
  await runAndShow(context, hosts, command, `${name} ${line}`.trim(), {
    kind: "script",
    stdin: script.replaceAll("\r\n", "\n"),
  });
};
