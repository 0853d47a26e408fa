import { readFileSync } from "node:fs";
import type { RemoteExec, RemoteExecOptions } from "../../../src/remote/remoteExec.ts";

/** Answers each script with text in which `BOUNDARY` is replaced by the requested boundary. */
export class FakeServer {
  /** The received scripts, in order. */
  readonly scripts: string[] = [];
  readonly commands: string[] = [];
  /** The output for the next scripts; the last one is kept. */
  answers: string[];
  exitCode = 0;
  stderr = "";
  truncated = false;
  /** Delayed until released, if set. */
  gate: Promise<void> | undefined;

  constructor(...answers: string[]) {
    this.answers = answers;
  }

  readonly exec: RemoteExec = async (command: string, options: RemoteExecOptions) => {
    this.commands.push(command);
    this.scripts.push(options.stdin);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    await this.gate;
    options.signal?.throwIfAborted();
    const boundary = /ssh-sessions-[0-9a-f]{32}/.exec(options.stdin)?.[0] ?? "none";
    return {
      exitCode: this.exitCode,
      stdout: (answer ?? "").replaceAll("BOUNDARY", boundary),
      stderr: this.stderr,
      truncated: this.truncated,
    };
  };
}

export function fixtureText(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), "utf8");
}

/** The output of a kill script. */
export function killAnswer(...results: string[]): string {
  return `\nBOUNDARY begin \n\nBOUNDARY results \n${results.join("\n")}\n\nBOUNDARY end \n`;
}
