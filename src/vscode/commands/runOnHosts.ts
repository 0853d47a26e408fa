import { asError, CancelledError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import { inTurns } from "../../base/turns.ts";
import { hostNames } from "../../config/hostSpec.ts";
import type { ExecuteOptions } from "../../session/run/execute.ts";
import { runOnHosts } from "../../session/run/fleetRun.ts";
import { runFailures, runProgress, runReportSteps, runResult, runSucceeded } from "../../text/runReport.ts";
import { userMessage } from "../../text/userMessages.ts";
import { warn, withNotification } from "../messages/messages.ts";
import type { CommandContext } from "./commandContext.ts";

/** The limit of each stream and host, in bytes, and that of a stream on all hosts: an editor shows all of it. */
const keptBytes = 4 * 1024 * 1024;
const keptOnAllHosts = 16 * 1024 * 1024;

/** Runs with progress and a Cancel button, then shows the result in an editor. */
export async function runAndShow(
  context: CommandContext,
  hosts: readonly string[],
  command: string,
  title: string,
  options: ExecuteOptions,
): Promise<void> {
  const { service, runDocuments, runOutput, policies, settings, home } = context;
  const { folder } = settings;
  const kept = Math.min(keptBytes, Math.floor(keptOnAllHosts / Math.max(1, hosts.length)));
  const controller = new AbortController();
  const describeError = (error: Error, host: string): string =>
    CancelledError.is(error)
      ? t("cancelled")
      : (userMessage(error, host, home)?.text ?? asError(error).message);
  // One host has its choice between an editor at the end and a live terminal.
  const live = hosts.length > 1 ? runOutput.begin(title, hosts) : undefined;
  // A toast shows about fifty letters: what changes comes first.
  const runs = await withNotification(t("SSH"), (report, token) => {
    token.onCancellationRequested(() => controller.abort(new CancelledError()));
    let done = 0;
    const tell = (): void =>
      report({
        message: runProgress(done, hosts, title),
        ...(done > 0 && { increment: 100 / hosts.length }),
      });
    tell();
    return runOnHosts(
      service,
      hosts,
      command,
      {
        ...options,
        title,
        signal: controller.signal,
        maxOutputBytes: kept,
      },
      (run) => {
        done++;
        tell();
        live?.lines.end(run.host, runResult(run, describeError));
      },
      (host) => policies.get("commandTimeLimit", hostNames(host), folder).value,
      live && ((host, kind, data) => live.lines.push(host, kind, data)),
    );
  }).finally(() => live?.dispose());
  await runDocuments.show(title, await inTurns(runReportSteps(title, runs, kept, describeError)));
  const failed = runs.filter((each) => !runSucceeded(each)).length;
  if (failed > 0 && hosts.length > 1 && !controller.signal.aborted) {
    warn(runFailures(failed, hosts.length, title));
  }
}
