import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Emitter, nextEvent } from "../../src/base/emitter.ts";
import type { MasterSnapshot } from "../../src/session/masterSnapshotTypes.ts";
import type { Session, SessionOutcome } from "../../src/session/sessionTypes.ts";
import { type TestStack, testStack } from "./testStack.ts";

/**
 * A stack whose ssh_config is `config`, with this keepalive (undefined: the defaults). It reports no changes of
 * addresses except on request: networks come and go on a machine that runs tests.
 */
export async function healthStack(
  config: string,
  heartbeat: { readonly interval: number; readonly countMax: number } | undefined,
  over: Parameters<typeof testStack>[1] = { localAddresses: () => "" },
): Promise<TestStack> {
  const stack = await testStack("", over);
  const file = join(stack.folder, "config");
  await writeFile(file, config);
  stack.settings.configFile = file;
  if (heartbeat !== undefined) {
    stack.settings.workspace = {
      serverAliveInterval: heartbeat.interval,
      serverAliveCountMax: heartbeat.countMax,
    };
  }
  stack.settings.reload();
  return stack;
}

/** All states of a master from now on. */
export class StateLog {
  readonly states: MasterSnapshot["state"][] = [];
  readonly #changed = new Emitter<void>();

  constructor(stack: TestStack, id: string) {
    const look = (): void => {
      const state = stack.service.masters().find((master) => master.id === id)?.state;
      if (state !== undefined && state !== this.states.at(-1)) {
        this.states.push(state);
        this.#changed.fire();
      }
    };
    look();
    stack.service.onDidChange(look);
  }

  get kinds(): readonly string[] {
    return this.states.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
  }

  /** The first state of that kind, now or later. */
  async first<K extends MasterSnapshot["state"]["kind"]>(
    kind: K,
  ): Promise<Extract<MasterSnapshot["state"], { kind: K }>> {
    for (;;) {
      const found = this.states.find((state) => state.kind === kind);
      if (found !== undefined) {
        return found as Extract<MasterSnapshot["state"], { kind: K }>;
      }
      await nextEvent(this.#changed.event, AbortSignal.timeout(30_000));
    }
  }

  /** Resolves when the newest state is of that kind. */
  async now(kind: MasterSnapshot["state"]["kind"]): Promise<void> {
    while (this.states.at(-1)?.kind !== kind) {
      await nextEvent(this.#changed.event, AbortSignal.timeout(30_000));
    }
  }
}

/** Collects output without letting it flow until requested, like a terminal that is behind. */
export class HeldOutput {
  readonly #chunks: Uint8Array[] = [];
  readonly ended: Promise<SessionOutcome>;

  constructor(session: Session) {
    session.onDidReceive(({ data }) => this.#chunks.push(data));
    this.ended = session.ended;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("latin1");
  }
}
