import * as vscode from "vscode";
import { asError, CancelledError } from "../../base/errors.ts";
import { printable } from "../../base/log.ts";
import type { ExecuteOptions } from "../../session/execute.ts";
import { runOnHosts } from "../../session/fleetRun.ts";
import { limitedCommand, scriptCommand, splitWords } from "../../session/remoteCommand.ts";
import { runReport, runSucceeded } from "../../session/runReport.ts";
import { hostOf } from "../commandTarget.ts";
import { plural } from "../humanText.ts";
import { userMessage } from "../userMessages.ts";
import type { CommandContext, CommandHandler } from "./commandContext.ts";

/** Bytes of each stream and host that an editor gets. */
const keptBytes = 4 * 1024 * 1024;

/** "Run Command on Host…": one command on one or several hosts. */
export const runCommand: CommandHandler = async (context, argument) => {
  const hosts = await hostsFor(context, argument, "Run Command on Host");
  if (hosts.length === 0) {
    return;
  }
  const command = await vscode.window.showInputBox({
    title: `Run Command on ${hosts.length === 1 ? printable(hosts[0] ?? "") : plural(hosts.length, "Host")}`,
    prompt: "Run by the login shell there, as ssh does",
    placeHolder: "uptime",
    ignoreFocusOut: true,
  });
  if (command === undefined || command.trim() === "") {
    return;
  }
  const [first] = hosts;
  if (hosts.length === 1 && first !== undefined) {
    const where = await vscode.window.showQuickPick(
      [
        { label: "Editor", description: "when it has ended, with its exit code", terminal: false },
        { label: "Terminal", description: "as it comes; you can type into it", terminal: true },
      ],
      { title: "Show the output in" },
    );
    if (where === undefined) {
      return;
    }
    if (where.terminal) {
      // A failure is presented by the terminal itself.
      await context.terminals.open(first, { command, title: command }).catch(() => {});
      return;
    }
  }
  await run(context, hosts, command, command, { kind: "command" });
};

/** "Run Script on Host…": the selection, or the active file, is sent to a shell's standard input. */
export const runScript: CommandHandler = async (context, argument) => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Open the script in an editor first.");
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
  const line = await vscode.window.showInputBox({
    title: `Run ${what}`,
    prompt: "Arguments of the script; empty for none",
    ignoreFocusOut: true,
  });
  if (line === undefined) {
    return;
  }
  const command = scriptCommand(script, splitWords(line));
  await run(context, hosts, command, `${name} ${line}`.trim(), {
    kind: "script",
    stdin: script.replaceAll("\r\n", "\n"),
  });
};

/** The host of a tree item; otherwise one or several that the person chooses. */
async function hostsFor(
  { service, resolver, recent }: CommandContext,
  argument: unknown,
  title: string,
): Promise<readonly string[]> {
  const given = hostOf(argument, service.masters());
  if (given !== undefined) {
    return [given];
  }
  const listed = (await resolver.hosts().catch(() => ({ hosts: [] }))).hosts.map(({ alias }) => alias);
  const live = new Set(service.masters().map(({ host }) => host));
  const aliases = [...new Set([...live, ...recent.list(), ...listed])];
  const chosen = await vscode.window.showQuickPick(
    aliases.map((alias) => ({
      label: printable(alias),
      alias,
      description: live.has(alias) ? "connected" : "",
    })),
    { title, placeHolder: "Choose one or several hosts", canPickMany: true, ignoreFocusOut: true },
  );
  return chosen?.map(({ alias }) => alias) ?? [];
}

async function run(
  context: CommandContext,
  hosts: readonly string[],
  command: string,
  title: string,
  options: ExecuteOptions,
): Promise<void> {
  const { service, runDocuments, settings, home } = context;
  const limit = settings.limits.commandTimeLimitSeconds;
  const controller = new AbortController();
  const runs = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `SSH: ${printable(title, 60)}`,
      cancellable: true,
    },
    (progress, token) => {
      token.onCancellationRequested(() => controller.abort(new CancelledError()));
      let done = 0;
      const tell = (): void =>
        progress.report({
          message: hosts.length === 1 ? `on ${printable(hosts[0] ?? "")}` : `${done} of ${hosts.length} hosts`,
          ...(done > 0 && { increment: 100 / hosts.length }),
        });
      tell();
      return runOnHosts(
        service,
        hosts,
        limit > 0 ? limitedCommand(command, limit) : command,
        {
          ...options,
          title,
          signal: controller.signal,
          maxOutputBytes: keptBytes,
          ...(limit > 0 && { timeLimitSeconds: limit }),
        },
        () => {
          done++;
          tell();
        },
      );
    },
  );
  const describeError = (error: Error, host: string): string =>
    CancelledError.is(error) ? "cancelled" : (userMessage(error, host, home)?.text ?? asError(error).message);
  await runDocuments.show(title, runReport(title, runs, keptBytes, describeError));
  const failed = runs.filter((each) => !runSucceeded(each)).length;
  if (failed > 0 && hosts.length > 1 && !controller.signal.aborted) {
    void vscode.window.showWarningMessage(
      `${printable(title, 60)}: ${failed} of ${plural(hosts.length, "host")} failed.`,
    );
  }
}
