import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { atOnce, type Steps } from "../base/turns.ts";
import type { HostRun } from "../session/run/fleetRun.ts";
import type { LiveWords } from "../session/run/liveLines.ts";
import { plainOutputSteps } from "../session/run/plainOutput.ts";
import { plainMessage } from "./plainMessage.ts";
import { describeOutcome } from "./sessionDetails.ts";

/** The name of the output channel with what several hosts write while they run. */
export function runChannelName(): string {
  return t("SSH Sessions: Runs");
}

export function liveWords(): LiveWords {
  return {
    tooMuch: t("The rest of the output is only in the report at the end."),
    skipped: (lines) =>
      plural(
        lines,
        "[{0} line came too fast and is only in the report.]",
        "[{0} lines came too fast and are only in the report.]",
      ),
  };
}

/** Letters of a command or a host in a toast. */
const shownInToast = 40;

/** While it runs. */
export function runProgress(done: number, hosts: readonly string[], title: string): string {
  const what = plainMessage(printable(title, shownInToast));
  const [host = ""] = hosts;
  return hosts.length === 1
    ? t("on {0}: {1}", plainMessage(printable(host, shownInToast)), what)
    : t("{0} of {1} hosts: {2}", done, hosts.length, what);
}

/** After it, if some failed: the result first, because a toast may cut the rest. */
export function runFailures(failed: number, hosts: number, title: string): string {
  return t(
    "{0} of {1} failed: {2}",
    failed,
    plural(hosts, "{0} host", "{0} hosts"),
    plainMessage(printable(title, shownInToast)),
  );
}

/** One host's result in a few words. `describeError` makes the user's text for a failure. */
export function runResult(run: HostRun, describeError: (error: Error, host: string) => string): string {
  return run.kind === "done" ? describeOutcome(run.execution.outcome) : describeError(run.error, run.host);
}

/** The command exited with status 0. */
export function runSucceeded(run: HostRun): boolean {
  return run.kind === "done" && run.execution.outcome.kind === "exited" && run.execution.outcome.code === 0;
}

/**
 * The result of a run on one or more hosts, as plain text: a summary if there are several, then the output of each
 * host (one that failed before any output has only its line in the summary). Escape sequences are removed, other
 * invisible characters are made visible, and cut output is marked.
 */
export function runReport(...given: Parameters<typeof runReportSteps>): string {
  return atOnce(runReportSteps(...given));
}

/** As `runReport`, in steps. */
export function* runReportSteps(
  title: string,
  runs: readonly HostRun[],
  keptBytes: number,
  describeError: (error: Error, host: string) => string,
): Steps<string> {
  const lines = [`$ ${printable(title, 200)}`, ""];
  const width = Math.max(0, ...runs.map(({ host }) => host.length));
  const time = (run: HostRun): string => `${(run.milliseconds / 1000).toFixed(1)} s`;
  if (runs.length > 1) {
    const good = runs.filter(runSucceeded).length;
    lines.push(t("{0} hosts: {1} succeeded, {2} failed", runs.length, good, runs.length - good), "");
    for (const run of runs) {
      const sign = runSucceeded(run) ? "✓" : "✗";
      lines.push(
        `${sign} ${printable(run.host).padEnd(width)}  ${time(run).padStart(8)}  ${runResult(run, describeError)}`,
      );
    }
    lines.push("");
  }
  for (const run of runs.length > 1 ? runs.filter(({ kind }) => kind === "done") : runs) {
    lines.push(`──── ${printable(run.host)}: ${runResult(run, describeError)} (${time(run)}) ────`);
    if (run.kind === "done") {
      const { stdout, stderr, truncated } = run.execution;
      lines.push(...(yield* text(stdout)));
      yield;
      if (stderr.length > 0) {
        lines.push(t("──── standard error ────"), ...(yield* text(stderr)));
        yield;
      }
      if (truncated) {
        lines.push(t("[The output was longer: the first {0} bytes of each stream were kept.]", keptBytes));
      }
    }
    lines.push("");
  }
  return lines.join("\n");
}

function* text(bytes: Buffer): Steps<readonly string[]> {
  const { text: decoded, cut } = yield* plainOutputSteps(bytes);
  const lines = decoded === "" ? [] : [decoded.endsWith("\n") ? decoded.slice(0, -1) : decoded];
  return cut ? [...lines, t("[The rest is left out: invisible characters take up too much room.]")] : lines;
}
