import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import { ChannelStream } from "../channels/channelStream.ts";
import { ChannelTable } from "../channels/channelTable.ts";
import { openForwardChannel, probeByChannel } from "../channels/clientChannels.ts";
import { openFailureCode } from "../channels/messages.ts";
import { prepareSession, startSession } from "../channels/sessionRequests.ts";
import type {
  ConnectionEnd,
  Endpoint,
  EngineCapabilities,
  EngineChannel,
  EngineConnection,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  SessionSpec,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { largestMessage } from "../largestMessage.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { OutgoingBacklog } from "../outgoingBacklog.ts";
import { LogTail } from "./logTail.ts";
import { type MasterFiles, releaseMaster, removeMasterFiles } from "./masterFolder.ts";
import { MasterForwards } from "./masterForwards.ts";
import { withMaster } from "./muxControl.ts";
import { ProxyWire } from "./proxyWire.ts";
import { endOf } from "./sshFailures.ts";
import { SshLog } from "./sshLog.ts";

/** As in the ssh2 engine. */
const windows = { pty: 256 * 1024, other: 2 * 1024 * 1024 };

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
export class OpenSshConnection implements EngineConnection {
  readonly capabilities: EngineCapabilities = { rekey: false };
  readonly info: ConnectionInfo;
  readonly #parts: OpenSshConnectionParts;
  readonly #wire: ProxyWire;
  readonly #table: ChannelTable;
  readonly #forwards: MasterForwards;
  readonly #closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.#closed.event;
  readonly #backlog = new OutgoingBacklog();
  readonly #log: Promise<LogTail | undefined>;
  readonly #lastWords = new SshLog(() => {});
  #ended: ConnectionEnd | undefined;
  #ending = false;
  #closing: Disposable | undefined;
  #lastReceived = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(parts: OpenSshConnectionParts) {
    this.#parts = parts;
    this.info = parts.info;
    const { socket, logger, files, transport } = parts;
    this.#forwards = new MasterForwards(files.socket, logger);
    this.#log = LogTail.open(files.log, (text) => this.#lastWords.add(text), "keep-small")
      .then(async (log) => {
        // The log of the login is no longer needed.
        await log.trim(0);
        return log;
      })
      .catch(() => undefined);
    this.#wire = new ProxyWire(socket, parts.frames, {
      receive: (message) => this.#table.receive(message),
      received: (bytes) => {
        this.#lastReceived = performance.now();
        this.#bytesIn += bytes;
      },
      sent: (bytes) => {
        this.#bytesOut += bytes;
        this.#backlog.sent(bytes, performance.now());
      },
      drained: () => this.#table.resumeSending(),
      malformed: (what) => this.#violated(new Error(`The master sent ${what}`)),
    });
    this.#table = new ChannelTable({
      wire: this.#wire,
      logger,
      violated: (error) => this.#violated(error),
      // The master never passes a channel that the server opens to a proxy client.
      accept: () => openFailureCode.administrativelyProhibited,
      globalReply: () => {},
    });
    socket.on(
      "close",
      guarded(() => void this.#onMasterGone()),
    );
    socket.on("error", () => {});
    transport?.once(
      "close",
      guarded(() => this.#finish({ reason: "lost", ...(transport.errored && { error: transport.errored }) })),
    );
    this.#wire.start();
  }

  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  get lastReceived(): number {
    return this.#lastReceived;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  get sendDelay(): number {
    return this.#backlog.delay(performance.now(), this.#table.unacknowledged + this.#wire.waiting);
  }

  async openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    const session = prepareSession(spec, false, largestMessage(this.info.serverVersion));
    const window = spec.pty === undefined ? windows.other : windows.pty;
    const channel = await this.#table.open("session", window, Buffer.alloc(0), signal);
    await startSession(channel, session, this.#parts.clock, signal);
    return channel;
  }

  async openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return new ChannelStream(await this.openForward({ type: "tcp", ...target }, originator, signal));
  }

  openForward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel> {
    return openForwardChannel(this.#table, target, originator, windows.other, signal);
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

  probeChannel(signal: AbortSignal): Promise<number> {
    return probeByChannel(this.#table, signal);
  }

  /** The master's socket can't be changed from outside; it keeps the options that it was created with. */
  setTcpKeepAlive(): void {}

  rekey(): void {}

  close(): void {
    if (this.#ended || this.#closing) {
      return;
    }
    const { clock, files } = this.#parts;
    const abort = new AbortController();
    const timer = clock.setTimeout(() => this.destroy(), closeWait);
    this.#closing = toDisposable(() => {
      timer.dispose();
      abort.abort();
    });
    withMaster(files.socket, abort.signal, (control) => control.terminate()).catch(() => this.destroy());
  }

  destroy(): void {
    this.#finish({ reason: "closed" });
  }

  /** Leaves the master to the next window, for as long as its ControlPersist. */
  release(): void {
    if (!this.#ended && this.#parts.transport === undefined) {
      const { files } = this.#parts;
      this.#finish({ reason: "closed" }, () => void releaseMaster(files));
    }
  }

  #violated(error: Error): void {
    if (!this.#ended) {
      this.#parts.logger.warn(`The server broke the SSH protocol: ${error.message}`);
      this.#finish({ reason: "protocol", error });
    }
  }

  /** The master has closed its socket: it has ended or is about to. Its last log lines say why. */
  async #onMasterGone(): Promise<void> {
    if (this.#ended || this.#ending) {
      return;
    }
    this.#ending = true;
    if (this.#closing !== undefined) {
      // Its last message may still be passing through the relay; `closeWait` limits this wait.
      await this.#parts.relayed;
      this.#finish({ reason: "closed" });
      return;
    }
    await this.#log.then((log) => log?.drain());
    this.#finish(endOf(this.#lastWords.said));
  }

  #finish(end: ConnectionEnd, leave?: () => void): void {
    if (this.#ended) {
      return;
    }
    const { socket, pid, files, transport } = this.#parts;
    this.#ended = this.#closing === undefined ? end : { reason: "closed" };
    this.#closing?.dispose();
    // While its socket is open, the process id can't have been reused.
    const isThere = !socket.destroyed && !this.#ending;
    this.#wire.end();
    socket.destroy();
    if (leave !== undefined) {
      leave();
    } else {
      if (isThere) {
        endProcess(pid);
      }
      void removeMasterFiles(files);
    }
    transport?.destroy();
    void this.#log.then((log) => log?.dispose());
    this.#table.end();
    this.#forwards.dispose();
    this.#closed.fire(this.#ended);
    this.#closed.dispose();
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The master has already ended.
  }
}
