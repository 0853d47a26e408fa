import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/emitter.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import type { UsePolicy } from "../../config/connectionPolicy.ts";
import { ChannelConnection } from "../channelConnection.ts";
import { GlobalRequests } from "../channels/globalRequests.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import { RemoteForwards } from "../channels/remoteForwards.ts";
import type {
  EngineChannel,
  ForwardAddress,
  ForwardedHandler,
  LastingPrograms,
  RemoteListener,
  SessionSpec,
  WindowName,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { decodeNote, encodeNote, noteType } from "../mux/windowProtocol.ts";
import { ProxyWire } from "../openssh/proxyWire.ts";
import { OwnerWatch } from "./ownerWatch.ts";
import { WindowPrograms } from "./windowPrograms.ts";

export interface WindowConnectionParts {
  /** In the proxy phase, paused; owned by the connection from now on. */
  readonly socket: Socket;
  readonly frames: MuxFrames;
  readonly info: ConnectionInfo;
  readonly owner: WindowName;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Our channels on a connection that another window holds. It ends with that window; ending it ends only our channels. */
export class WindowConnection extends ChannelConnection<ProxyWire> {
  readonly info: ConnectionInfo;
  readonly heldBy: WindowName;
  readonly #socket: Socket;
  readonly #requests: GlobalRequests;
  readonly #forwards: RemoteForwards;
  readonly #watch: OwnerWatch;
  readonly #othersChanged = new Emitter<void>();
  readonly onDidChangeOthers = this.#othersChanged.event;
  readonly #programs = new WindowPrograms((id) => this.wire.send(encodeNote({ kind: "endProgram", id })));
  readonly lastingPrograms: LastingPrograms = this.#programs;
  #othersUses: readonly UsePolicy[] = [];
  #closesInOrder = false;

  constructor(parts: WindowConnectionParts) {
    const { socket, frames, logger, clock } = parts;
    super(parts, (events) => new ProxyWire(socket, frames, events));
    this.#socket = socket;
    this.info = parts.info;
    this.heldBy = parts.owner;
    this.#requests = new GlobalRequests((bytes) => this.wire.send(bytes));
    this.#forwards = new RemoteForwards(this.#requests, logger);
    this.#watch = new OwnerWatch(
      clock,
      () => socket.isPaused(),
      () => {
        logger.warn("The window that holds the connection does not answer");
        this.finish({ reason: "lost" });
      },
    );
    socket.on("error", () => {});
    socket.on(
      "end",
      guarded(() => this.finish({ reason: "lost" })),
    );
    socket.on(
      "close",
      guarded(() => this.finish({ reason: "lost" })),
    );
    this.wire.start();
  }

  get othersUses(): readonly UsePolicy[] {
    return this.#othersUses;
  }

  override openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    // The window that holds the connection forwards its agent, which is that of this user, too.
    return this.startSession(spec, spec.forwardAgent === true, signal);
  }

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#forwards.listen(at, handler, signal);
  }

  /** As far as the server, through the window that holds the connection. */
  ping(signal: AbortSignal): Promise<number> {
    return this.#requests.keepalive(signal);
  }

  /** The other window keeps the connection as we want it, too, and for as long as we use it. */
  noteUse(inUse: boolean, policy: UsePolicy): void {
    this.wire.send(encodeNote({ kind: "use", inUse, policy }));
  }

  /** What was written before is still sent. */
  close(): void {
    if (!this.ended) {
      this.#closesInOrder = true;
      this.#socket.end();
      this.finish({ reason: "closed" });
    }
  }

  protected override received(bytes: number): void {
    this.#watch.heard();
    this.countReceived(bytes);
  }

  protected override receive(message: Buffer): void {
    if (message[0] !== noteType) {
      // Only the server's messages prove that the server is alive.
      this.provesLife();
      super.receive(message);
      return;
    }
    const note = decodeNote(message);
    if (note?.kind === "others") {
      this.#othersUses = note.uses;
      this.#othersChanged.fire();
    } else if (note?.kind === "programs") {
      this.#programs.said(note.programs);
    }
  }

  protected accept(type: string, body: WireReader): Acceptance {
    return this.#forwards.accept(type, body);
  }

  protected override globalReply(accepted: boolean, body: WireReader): void {
    this.#requests.receive(accepted, body);
  }

  protected detach(): void {
    this.#watch.dispose();
    this.#othersChanged.dispose();
    this.#programs.dispose();
    this.wire.end();
    if (!this.#closesInOrder) {
      this.#socket.destroy();
    }
  }

  protected override channelsEnded(): void {
    this.#requests.end();
  }
}
