import { JoinedBytes } from "../../base/joinedBytes.ts";
import type { OutputKind } from "../../engine/connectionEngine.ts";
import type { LoginMode } from "../../reconnect/reconnectTypes.ts";
import type { SessionPurpose } from "../openSessionTypes.ts";
import type { SessionService } from "../sessionServiceTypes.ts";
import type { SessionKind, SessionOutcome } from "../sessionTypes.ts";

export interface ExecuteOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly pty?: boolean;
  readonly timeLimitSeconds?: number;
  readonly signal?: AbortSignal;
  /** Bytes kept of each stream; default 10 MiB. */
  readonly maxOutputBytes?: number;
  readonly kind?: SessionKind;
  readonly title?: string;
  readonly onMaster?: string;
  readonly login?: LoginMode;
  readonly purpose?: SessionPurpose;
  /** Receives all output as it comes, also beyond the limit. */
  readonly onOutput?: (kind: OutputKind, data: Uint8Array) => void;
}

export interface Execution {
  readonly outcome: SessionOutcome;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** There was more output than was kept. */
  readonly truncated: boolean;
}

const defaultMaxOutput = 10 * 1024 * 1024;

/**
 * Runs one command on a host until it exits. Standard input is sent with back-pressure, then EOF; output beyond the
 * limit is read and dropped, so that the command can finish. Rejects when the session could not be opened, or with
 * the signal's reason (the session is killed then).
 */
export async function execute(
  service: SessionService,
  host: string,
  command: string,
  options: ExecuteOptions = {},
): Promise<Execution> {
  const { signal, maxOutputBytes = defaultMaxOutput } = options;
  const session = await service.open(
    {
      host,
      kind: options.kind ?? "command",
      title: options.title ?? command,
      request: { type: "exec", command },
      // A command has separate limits; the idle limits of terminals don't apply.
      timeLimitSeconds: options.timeLimitSeconds ?? 0,
      idleLimitSeconds: 0,
      ...(options.env && { env: options.env }),
      ...(options.pty && { pty: { term: "dumb", dimensions: { columns: 80, rows: 24 } } }),
      ...(options.onMaster !== undefined && { onMaster: options.onMaster }),
      ...(options.purpose !== undefined && { purpose: options.purpose }),
      ...(options.login !== undefined && { login: options.login }),
    },
    signal,
  );
  const kept = { stdout: new BoundedOutput(maxOutputBytes), stderr: new BoundedOutput(maxOutputBytes) };
  session.onDidReceive(({ kind, data }) => {
    kept[kind].push(data);
    options.onOutput?.(kind, data);
  });
  const onAbort = (): void => session.kill();
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) {
    // The signal aborted after the session was open and before this listener was added.
    onAbort();
  }
  try {
    session.resume();
    const feeding = feed(session, options.stdin);
    const outcome = await session.ended;
    await feeding;
    signal?.throwIfAborted();
    return {
      outcome,
      stdout: kept.stdout.take(),
      stderr: kept.stderr.take(),
      truncated: kept.stdout.truncated || kept.stderr.truncated,
    };
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Bytes written at once: small enough to notice back-pressure early, large enough to be cheap. */
const feedStep = 64 * 1024;

async function feed(
  session: Awaited<ReturnType<SessionService["open"]>>,
  stdin: string | Uint8Array | undefined,
): Promise<void> {
  const data = typeof stdin === "string" ? Buffer.from(stdin, "utf8") : (stdin ?? Buffer.alloc(0));
  let over = false;
  const ended = session.ended.then(() => {
    over = true;
  });
  for (let offset = 0; offset < data.length && !over; offset += feedStep) {
    if (!session.write(data.subarray(offset, offset + feedStep))) {
      await Promise.race([
        ended,
        new Promise<void>((resolve) => {
          const subscription = session.onDidDrain(() => {
            subscription.dispose();
            resolve();
          });
        }),
      ]);
    }
  }
  session.eof();
}

/** Keeps the first `limit` bytes. */
class BoundedOutput {
  readonly #bytes = new JoinedBytes();
  readonly #limit: number;
  #truncated = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  push(data: Uint8Array): void {
    const room = this.#limit - this.#bytes.length;
    if (data.length > room) {
      this.#truncated = true;
    }
    if (room > 0) {
      this.#bytes.push(data.subarray(0, room));
    }
  }

  take(): Buffer {
    return this.#bytes.take();
  }
}
