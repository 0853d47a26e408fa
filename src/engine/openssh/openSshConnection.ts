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
import type { SshMaster } from "../sshMaster.ts";
import { ClientWire } from "./clientWire.ts";
import { Departure } from "./departure.ts";
import type { Departures } from "./departures.ts";
import { type MasterFiles, releaseMaster, removeMasterFiles } from "./masterFolder.ts";
import { MasterForwards } from "./masterForwards.ts";
import { MasterLog } from "./masterLog.ts";
import { withMaster } from "./muxControl.ts";

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
  readonly departures?: Departures | undefined;
  /** The master is older than OpenSSH 9.9: see ClientWire. */
  readonly confusesChannels: boolean;
}

/** A connection of our own `ssh` master, used as its proxy client. Owns the master. */
export class OpenSshConnection extends ChannelConnection<ClientWire> {
  readonly info: ConnectionInfo;
  readonly #parts: OpenSshConnectionParts;
  readonly #forwards: MasterForwards;
  readonly #log: MasterLog;
  /** The master has closed its socket. */
  #isGone = false;
  /** What happens to the master at the end. */
  #fate: "ends" | "ends-with-programs" | "is-released" = "ends";
  /** Waits for the server's answers after the end. */
  #departure: Departure | undefined;

  readonly sshMaster: SshMaster;

  readonly lastingSocket = async (): Promise<LastingSocket> => ({
    path: this.#parts.files.socket,
    knownHosts: undefined,
  });

  constructor(parts: OpenSshConnectionParts) {
    const { socket, frames, logger, files, transport } = parts;
    super(parts, (events) => new ClientWire(socket, frames, events));
    this.#parts = parts;
    this.info = parts.info;
    this.#forwards = new MasterForwards(files.socket, logger);
    const log = new MasterLog(files.log, parts.clock);
    this.#log = log;
    if (parts.confusesChannels) {
      this.wire.mind(log);
      log.onDidChange(() => this.wire.closeWithheld());
    }
    this.sshMaster = {
      path: files.socket,
      isUsers: false,
      get programs() {
        return log.others;
      },
      onDidChange: log.onDidChange,
    };
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
    const { files } = this.#parts;
    this.#endBy((signal) => withMaster(files.socket, signal, (control) => control.terminate()));
  }

  /**
   * As `ssh -O stop`: the master ends with the last program on it. Whether there is one is not certain, because one may
   * be about to connect.
   */
  leave(): void {
    const { files, transport, logger } = this.#parts;
    if (transport !== undefined) {
      this.close();
      return;
    }
    this.#endBy(async (signal) => {
      await withMaster(files.socket, signal, (control) => control.stopListening());
      logger.debug("The master of ssh ends with the last program on it");
      this.#fate = "ends-with-programs";
      this.finish({ reason: "closed" });
    });
  }

  /** Leaves the master to the next window, for as long as its ControlPersist. */
  release(): void {
    if (!this.ended && this.#parts.transport === undefined) {
      this.#fate = "is-released";
      this.finish({ reason: "closed" });
    }
  }

  #endBy(request: (signal: AbortSignal) => Promise<void>): void {
    if (this.ended || this.closing) {
      return;
    }
    const abort = new AbortController();
    const timer = this.#parts.clock.setTimeout(() => this.destroy(), closeWait);
    this.closing = toDisposable(() => {
      timer.dispose();
      abort.abort();
    });
    request(abort.signal).catch(() => this.destroy());
  }

  protected override receive(bytes: Buffer): void {
    this.wire.note(bytes);
    super.receive(bytes);
    this.#departure?.noted();
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
    this.finish(await this.#log.end());
  }

  protected detach(): void {
    const { socket, pid, files, transport, departures, clock } = this.#parts;
    // While its socket is open, the process id can't have been reused.
    const isThere = !socket.destroyed && !this.#isGone;
    if (this.#fate === "ends") {
      this.#log.dispose();
      this.wire.end();
      socket.destroy();
      if (isThere) {
        endProcess(pid);
      }
      void removeMasterFiles(files);
      transport?.destroy();
      return;
    }
    const leave = (): void => {
      socket.destroy();
      this.#log.dispose();
    };
    this.#departure = new Departure({ wire: this.wire, socket, clock, leave });
    departures?.add(this.#departure.left);
    void (this.#fate === "is-released" ? releaseMaster(files) : removeMasterFiles(files));
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
