import { asError, CancelledError } from "../../base/errors.ts";
import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { inTurns } from "../../base/turns.ts";
import { hostNames } from "../../config/hostSpec.ts";
import type { ExecuteOptions } from "../../session/run/execute.ts";
import { runOnHosts } from "../../session/run/fleetRun.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { runReportSteps, runResult, runSucceeded } from "../../text/runReport.ts";
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
  const runs = await withNotification(t("SSH: {0}", printable(title, 60)), (report, token) => {
    token.onCancellationRequested(() => controller.abort(new CancelledError()));
    let done = 0;
    const tell = (): void =>
      report({
        message:
          hosts.length === 1
            ? t("on {0}", printable(hosts[0] ?? ""))
            : t("{0} of {1} hosts", done, hosts.length),
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
    warn(
      t(
        "{0}: {1} of {2} failed.",
        plainMessage(printable(title, 60)),
        failed,
        plural(hosts.length, "{0} host", "{0} hosts"),
      ),
    );
  }
}
