import type { EngineChannel, LastingSocket, SessionSpec } from "../connectionEngine.ts";
import { WindowConnection, type WindowConnectionParts } from "../window/windowConnection.ts";
import { KeptPrograms } from "./keptPrograms.ts";

/** Opens or attaches a session of the keeper. Undefined: it takes nothing new. @throws ChannelError */
export type KeptOpener = (spec: SessionSpec, signal: AbortSignal) => Promise<EngineChannel | undefined>;

/** A connection that the keeper holds: sessions that are to be kept are the keeper's, all others are our channels. */
export class KeeperConnection extends WindowConnection {
  readonly #openKept: KeptOpener;

  override readonly lastingPrograms = new KeptPrograms();
  readonly lastingSocket: () => Promise<LastingSocket | undefined>;

  constructor(
    parts: WindowConnectionParts,
    openKept: KeptOpener,
    lastingSocket: (programs: KeptPrograms) => Promise<LastingSocket | undefined>,
  ) {
    super(parts);
    this.lastingSocket = () => lastingSocket(this.lastingPrograms);
    this.onDidClose(() => this.lastingPrograms.dispose());
    this.#openKept = openKept;
  }

  override async openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    const kept = spec.keep === undefined ? undefined : await this.#openKept(spec, signal);
    return kept ?? (await super.openSession(spec, signal));
  }
}
