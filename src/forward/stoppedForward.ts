import type { ForwardSpec } from "../config/forwardSpec.ts";
import { hostNames } from "../config/hostSpec.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardRequest, ForwardSnapshot, ForwardState } from "./forwardTypes.ts";

/**
 * A forward that was open before the window reloaded. Nothing listens, and its host was not resolved: the user decides
 * whether it starts again.
 */
export class StoppedForward {
  readonly #snapshot: ForwardSnapshot;
  #starting: Promise<ForwardSnapshot | undefined> | undefined;

  constructor(id: string, { host, spec }: Pick<ForwardRequest, "host" | "spec">, since: number) {
    this.#snapshot = Object.freeze({
      ...{ id, host, spec, since },
      origins: Object.freeze([{ kind: "person" } as const]),
      state: Object.freeze({ kind: "stopped", since, isFromBefore: true } as const),
      ...{ masterId: undefined, addresses: [], takenAddresses: [], port: undefined },
      ...{ connections: [], openConnections: 0, taken: 0, failed: 0 },
      ...{ sent: 0, received: 0, rate: 0, lastFailure: undefined },
    });
  }

  get state(): ForwardState {
    return this.#snapshot.state;
  }

  snapshot(): ForwardSnapshot {
    return this.#snapshot;
  }

  get spec(): ForwardSpec {
    return this.#snapshot.spec;
  }

  /** The host in any spelling. */
  isOf(host: string): boolean {
    return hostNames(this.#snapshot.host).spec === hostNames(host).spec;
  }

  /** The same forward of the same host, in any spelling. */
  is(host: string, spec: ForwardSpec): boolean {
    return this.isOf(host) && forwardKey(this.spec) === forwardKey(spec);
  }

  /** Concurrent callers share one start. */
  startOnce(
    start: (forward: ForwardSnapshot) => Promise<ForwardSnapshot | undefined>,
  ): Promise<ForwardSnapshot | undefined> {
    this.#starting ??= start(this.#snapshot).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Nothing listens. */
  stop(): void {}

  dispose(): void {}
}
