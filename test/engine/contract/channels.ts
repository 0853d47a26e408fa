import { createHash } from "node:crypto";
import type {
  ChannelExit,
  EngineChannel,
  EngineConnection,
  SessionSpec,
} from "../../../src/engine/connectionEngine.ts";

/** The originator of direct-tcpip connections in the tests. */
export const originator = { host: "127.0.0.1", port: 1234 };

/** Far above what any step takes: it only ends a failing test. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: ChannelExit;
  readonly lost: boolean;
  /** `stdout`, `stderr`, `eof`, `close`, in order, without repetitions. */
  readonly order: readonly string[];
}

/** Reads a channel to its end. Call it in the turn in which the channel opened. */
export function collect(channel: EngineChannel): Promise<Ran> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const order: string[] = [];
  const note = (what: string): void => {
    if (order.at(-1) !== what) {
      order.push(what);
    }
  };
  return new Promise((resolve) => {
    channel.onDidReceive(({ kind, data }) => {
      note(kind);
      (kind === "stdout" ? out : err).push(data);
    });
    channel.onDidReceiveEof(() => note("eof"));
    channel.onDidClose(({ exit, lost }) => {
      note("close");
      resolve({
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        exit,
        lost,
        order,
      });
    });
    channel.resume();
  });
}

export function execSpec(command: string, changes: Partial<SessionSpec> = {}): SessionSpec {
  return { request: { type: "exec", command }, env: {}, ...changes };
}

export function shellSpec(columns = 80, rows = 24): SessionSpec {
  return { request: { type: "shell" }, env: {}, pty: { term: "xterm-256color", columns, rows } };
}

export async function run(
  connection: EngineConnection,
  command: string,
  changes: Partial<SessionSpec> = {},
): Promise<Ran> {
  return collect(await connection.openSession(execSpec(command, changes), never()));
}

/** Collects output, and can wait for a text in it. */
export class Screen {
  text = "";
  readonly #channel: EngineChannel;
  readonly #waiting = new Set<() => void>();

  /** Starts to read. Call it in the turn in which the channel opened. */
  constructor(channel: EngineChannel) {
    this.#channel = channel;
    channel.onDidReceive(({ data }) => {
      this.text += Buffer.from(data).toString();
      for (const check of this.#waiting) {
        check();
      }
    });
    channel.resume();
  }

  type(text: string): void {
    this.#channel.write(Buffer.from(text));
  }

  /** Resolves to the text, once `pattern` is in it. */
  shows(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (pattern.test(this.text)) {
          this.#waiting.delete(check);
          resolve(this.text);
        }
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** Writes everything, and waits whenever the channel requires it. */
export async function writeAll(channel: EngineChannel, chunks: Iterable<Uint8Array>): Promise<number> {
  let most = 0;
  for (const chunk of chunks) {
    if (!channel.write(chunk)) {
      most = Math.max(most, channel.queuedBytes);
      await new Promise<void>((resolve) => {
        const drained = channel.onDidDrain(() => {
          drained.dispose();
          resolve();
        });
      });
    }
  }
  return most;
}

export function sha256(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}
