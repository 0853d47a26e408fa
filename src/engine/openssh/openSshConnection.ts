import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { toDisposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import { ChannelConnection } from "../channelConnection.ts";
import { openFailureCode } from "../channels/messages.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import type { ForwardAddress, ForwardedHandler, LastingSocket, RemoteListener } from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { LogTail } from "./logTail.ts";
import { type MasterFiles, releaseMaster, removeMasterFiles } from "./masterFolder.ts";
import { MasterForwards } from "./masterForwards.ts";
import { withMaster } from "./muxControl.ts";
import { ProxyWire } from "./proxyWire.ts";
import { endOf } from "./sshFailures.ts";
import { SshLog } from "./sshLog.ts";

/** How long an orderly `close` waits for the master. Milliseconds. */
const closeWait = 2_000;

export interface OpenSshConnectionParts {
  readonly files: MasterFiles;
  /** The master's process id. */
  readonly pid: number;
  /** In proxy mode. The connection owns it from now on. */
  readonly socket: Socket;
  readonly frames: MuxFrames;
  readonly info: ConnectionInfo;
  /** The transport of the master's connection, if it is a stream of ours. */
  readonly transport: Duplex | undefined;
  /** Resolves when everything that `ssh` wrote to the transport has been flushed to it. */
  readonly relayed: Promise<void> | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A connection of our own `ssh` master, used as its proxy client. Owns the master. */
export class OpenSshConnection extends ChannelConnection<ProxyWire> {
  readonly info: ConnectionInfo;
  readonly #parts: OpenSshConnectionParts;
  readonly #forwards: MasterForwards;
  readonly #log: Promise<LogTail | undefined>;
  readonly #lastWords = new SshLog(() => {});
  /** The master has closed its socket. */
  #isGone = false;
  #leavesMaster = false;

  readonly lastingSocket = async (): Promise<LastingSocket> => ({
    path: this.#parts.files.socket,
    knownHosts: undefined,
  });

  constructor(parts: OpenSshConnectionParts) {
    const { socket, frames, logger, files, transport } = parts;
    super(parts, (events) => new ProxyWire(socket, frames, events));
    this.#parts = parts;
    this.info = parts.info;
    this.#forwards = new MasterForwards(files.socket, logger);
    this.#log = LogTail.open(files.log, (text) => this.#lastWords.add(text), "keep-small")
      .then(async (log) => {
        // The log of the login is no longer needed.
        await log.trim(0);
        return log;
      })
      .catch(() => undefined);
    socket.on(
      "close",
      guarded(() => void this.#onMasterGone()),
    );
    socket.on("error", () => {});
    transport?.once(
      "close",
      guarded(() => this.finish({ reason: "lost", ...(transport.errored && { error: transport.errored }) })),
    );
    this.wire.start();
  }

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#forwards.listen(at, handler, signal);
  }

  /** A master disconnects a client that sends a global request, so the keepalive opens a channel instead. */
  async ping(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    await this.#forwards.settled();
    return await this.probeChannel(signal);
  }

  close(): void {
    if (this.ended || this.closing) {
      return;
    }
    const { clock, files } = this.#parts;
    const abort = new AbortController();
    const timer = clock.setTimeout(() => this.destroy(), closeWait);
    this.closing = toDisposable(() => {
      timer.dispose();
      abort.abort();
    });
    withMaster(files.socket, abort.signal, (control) => control.terminate()).catch(() => this.destroy());
  }

  /** Leaves the master to the next window, for as long as its ControlPersist. */
  release(): void {
    if (!this.ended && this.#parts.transport === undefined) {
      this.#leavesMaster = true;
      this.finish({ reason: "closed" });
    }
  }

  /** The master never passes a channel that the server opens to a proxy client. */
  protected accept(): Acceptance {
    return openFailureCode.administrativelyProhibited;
  }

  /** It has ended or is about to. Its last log lines say why. */
  async #onMasterGone(): Promise<void> {
    if (this.ended || this.#isGone) {
      return;
    }
    this.#isGone = true;
    if (this.closing !== undefined) {
      // Its last message may still be passing through the relay; `closeWait` limits this wait.
      await this.#parts.relayed;
      this.finish({ reason: "closed" });
      return;
    }
    await this.#log.then((log) => log?.drain());
    this.finish(endOf(this.#lastWords.said));
  }

  protected detach(): void {
    const { socket, pid, files, transport } = this.#parts;
    // While its socket is open, the process id can't have been reused.
    const isThere = !socket.destroyed && !this.#isGone;
    this.wire.end();
    socket.destroy();
    if (this.#leavesMaster) {
      void releaseMaster(files);
    } else {
      if (isThere) {
        endProcess(pid);
      }
      void removeMasterFiles(files);
    }
    transport?.destroy();
    void this.#log.then((log) => log?.dispose());
  }

  protected override channelsEnded(): void {
    this.#forwards.dispose();
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The master has already ended.
  }
}
