import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import { wireString, wireUint32 } from "../../base/wire.ts";
import type { EngineChannel, ForwardAddress } from "../connectionEngine.ts";
import { ChannelError, connectionEnded } from "../engineErrors.ts";
import { muxForward, muxUnixPort } from "../mux/muxMessages.ts";
import { MuxError, withMaster } from "./muxControl.ts";
import { SocketChannel } from "./socketChannel.ts";
import { socketPrefix } from "./socketPrefix.ts";

/** Milliseconds for the cancellation of a listener, which the master does by itself. */
const cancelPatience = 2_000;

interface Listener {
  readonly path: string;
  readonly forward: Uint8Array;
}

/**
 * Connections from the server to a target, over a master of the user's own `ssh`. A channel of ours that the server has not
 * answered yet would end that master together with our socket, and a target may take minutes to answer. Therefore the
 * master itself opens these channels: it listens at a unix socket in our folder, one for each target.
 */
export class RiddenForwards {
  readonly #master: string;
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Promise<Listener>>();
  readonly #channels = new Set<SocketChannel>();
  readonly #ended = new AbortController();

  /**
   * @param master path of the master's control socket
   * @param folder for our sockets; only this user can enter it
   */
  constructor(master: string, folder: string, logger: Logger) {
    this.#master = master;
    this.#folder = folder;
    this.#logger = logger;
  }

  /** @throws ChannelError `refused`, `connection-ended`, or the signal's reason */
  async open(target: ForwardAddress, signal: AbortSignal): Promise<EngineChannel> {
    signal.throwIfAborted();
    const key = JSON.stringify(target);
    let listening = this.#listeners.get(key);
    if (listening === undefined) {
      listening = this.#listen(target);
      this.#listeners.set(key, listening);
      listening.catch(() => this.#listeners.delete(key));
    }
    const { path } = await listening;
    signal.throwIfAborted();
    this.#ended.signal.throwIfAborted();
    const socket = connect({ path, allowHalfOpen: true });
    const type = target.type === "tcp" ? "direct-tcpip" : "direct-streamlocal@openssh.com";
    const channel = new SocketChannel(socket, type);
    this.#channels.add(channel);
    channel.onDidClose(() => this.#channels.delete(channel));
    const onAbort = (): void => channel.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("close", () => reject(connectionEnded()));
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return channel;
  }

  /** Our connection has ended: its channels end, and the master stops listening for us. */
  dispose(): void {
    this.#ended.abort(connectionEnded());
    for (const channel of this.#channels) {
      channel.connectionEnded();
    }
    for (const listening of this.#listeners.values()) {
      listening.then((listener) => this.#cancel(listener)).catch(() => {});
    }
    this.#listeners.clear();
  }

  async #listen(target: ForwardAddress): Promise<Listener> {
    const path = `${this.#folder}/${socketPrefix()}${randomBytes(4).toString("hex")}`;
    const [host, port] = target.type === "tcp" ? [target.host, target.port] : [target.path, muxUnixPort];
    const forward = Buffer.concat([
      wireUint32(muxForward.local),
      ...[wireString(path), wireUint32(muxUnixPort)],
      ...[wireString(host), wireUint32(port)],
    ]);
    try {
      await withMaster(this.#master, this.#ended.signal, (control) => control.openForward(forward));
      return { path, forward };
    } catch (error) {
      if (MuxError.is(error) && error.reason === "refused") {
        const text = `The master refused a forward: ${printable(error.message)}`;
        throw new ChannelError("refused", text, { cause: error });
      }
      throw MuxError.is(error) ? connectionEnded() : error;
    }
  }

  async #cancel({ path, forward }: Listener): Promise<void> {
    const limit = AbortSignal.timeout(cancelPatience);
    await withMaster(this.#master, limit, (control) => control.closeForward(forward)).catch(
      (error: unknown) => this.#logger.debug(`A forward was not cancelled: ${asError(error).message}`),
    );
    // The master has removed it if it was there to cancel it.
    await rm(path, { force: true });
  }
}
