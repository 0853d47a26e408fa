import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { printable } from "../../base/log.ts";
import { LiveLines } from "../../session/run/liveLines.ts";
import { liveWords, runChannelName } from "../../text/runReport.ts";

/** Milliseconds between two updates. */
const updateInterval = 100;

/** The output of one run as it comes. */
export interface LiveRun extends Disposable {
  readonly lines: Pick<LiveLines, "push" | "end">;
}

/** An output channel with what commands and scripts on several hosts write, while they run. */
export class RunOutput implements Disposable {
  readonly #clock: Clock;
  #channel: vscode.OutputChannel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Shows the channel without taking the focus. Dispose it when all hosts have ended. */
  begin(title: string, hosts: readonly string[]): LiveRun {
    this.#channel ??= vscode.window.createOutputChannel(runChannelName());
    const channel = this.#channel;
    const lines = new LiveLines(hosts, liveWords());
    channel.appendLine(`$ ${printable(title, 200)}`);
    channel.show(true);
    let timer: Disposable | undefined;
    const flush = (): void => {
      const text = lines.take();
      if (text !== "") {
        channel.append(text);
      }
    };
    const tick = (): void => {
      flush();
      timer = this.#clock.setTimeout(tick, updateInterval);
    };
    tick();
    return {
      lines,
      dispose: () => {
        timer?.dispose();
        flush();
        channel.appendLine("");
      },
    };
  }

  dispose(): void {
    this.#channel?.dispose();
  }
}
