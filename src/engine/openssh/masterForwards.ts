import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { Disposable } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { type Logger, printable } from "../../base/log.ts";
import { wireString, wireUint32 } from "../../base/wire.ts";
import type { ForwardAddress, ForwardedHandler, RemoteListener } from "../connectionEngine.ts";
import { connectionEnded, ForwardError } from "../engineErrors.ts";
import { muxForward, muxUnixPort } from "../mux/muxMessages.ts";
import { MuxError, withMaster } from "./muxControl.ts";
import { SocketChannel } from "./socketChannel.ts";
import { socketPrefix } from "./socketPrefix.ts";

/** Milliseconds for the cancellation of a listener of the server. */
const cancelPatience = 10_000;

/**
 * Remote forwards through the master. A proxy client may not send the global requests itself: the master sends them,
 * and connects each incoming connection to our unix socket, one for each listener.
 */
export class MasterForwards implements Disposable {
  readonly #master: string;
  readonly #logger: Logger;
  readonly #base: string;
  /** What the server listens for, as the master knows it. */
  readonly #open = new Set<Uint8Array>();
  readonly #channels = new Set<SocketChannel>();
  readonly #servers = new Set<Server>();
  readonly #ended = new AbortController();
  /** Requests to the master run one after another. */
  #requests: Promise<unknown> = Promise.resolve();

  /**
   * @param master path of the master's control socket
   * @param folder for our sockets, if the master's is not ours; only this user can enter it
   */
  constructor(master: string, logger: Logger, folder?: string) {
    this.#master = master;
    this.#logger = logger;
    this.#base = folder === undefined ? `${master}.` : `${folder}/${socketPrefix()}`;
  }

  /** Resolves when the master has answered all requests made so far. Never rejects. */
  async settled(): Promise<void> {
    await this.#requests.catch(() => {});
  }

  /** @throws ForwardError `refused-by-server`, ChannelError `connection-ended`, or the signal's reason */
  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener("abort", onAbort, { once: true });
      const opened = this.#requests.catch(() => {}).then(() => this.#listen(at, handler));
      this.#requests = opened.then((listener) => {
        if (signal.aborted) {
          // The caller has given up: the server must not keep listening.
          return listener.close();
        }
        resolve({
          ...(listener.port !== undefined && { port: listener.port }),
          dispose: () => {
            this.#requests = this.#requests.catch(() => {}).then(() => listener.close());
          },
        });
        return undefined;
      });
      this.#requests
        .catch((error: unknown) => reject(error))
        .finally(() => signal.removeEventListener("abort", onAbort));
    });
  }

  /** We leave a master that goes on: the server stops listening for us. Never rejects. */
  async leave(): Promise<void> {
    this.dispose();
    const limit = AbortSignal.timeout(cancelPatience);
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(
      open.map((forward) =>
        withMaster(this.#master, limit, (control) => control.closeForward(forward)).catch((error: unknown) =>
          this.#logger.debug(`A forward was not cancelled: ${asError(error).message}`),
        ),
      ),
    );
  }

  /** The connection has ended. */
  dispose(): void {
    this.#ended.abort(connectionEnded());
    for (const channel of this.#channels) {
      channel.connectionEnded();
    }
    for (const server of this.#servers) {
      server.close();
    }
    this.#servers.clear();
  }

  async #listen(
    at: ForwardAddress,
    handler: ForwardedHandler,
  ): Promise<{ readonly port: number | undefined; close(): Promise<void> }> {
    this.#ended.signal.throwIfAborted();
    const path = `${this.#base}${randomBytes(3).toString("hex")}`;
    const type = at.type === "tcp" ? "forwarded-tcpip" : "forwarded-streamlocal@openssh.com";
    const server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true },
      guarded((socket: Socket) => this.#onConnection(socket, type, handler)),
    );
    this.#servers.add(server);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
    const forget = async (): Promise<void> => {
      this.#servers.delete(server);
      server.close();
      await rm(path, { force: true });
    };
    const forward = encodeRemoteForward(at, path);
    try {
      const chosen = await withMaster(this.#master, this.#ended.signal, (control) =>
        control.openForward(forward),
      );
      this.#open.add(forward);
      const port = at.type === "unix" ? undefined : at.port === 0 ? chosen : at.port;
      this.#logger.info(
        `The server listens at ${printable(at.type === "tcp" ? `${at.host}:${port}` : at.path)}`,
      );
      return {
        port,
        close: async () => {
          this.#open.delete(forward);
          await withMaster(this.#master, this.#ended.signal, (control) =>
            control.closeForward(forward),
          ).catch((error: unknown) => {
            if (!this.#ended.signal.aborted) {
              this.#logger.warn(`The master did not cancel a forward: ${asError(error).message}`);
            }
          });
          await forget();
        },
      };
    } catch (error) {
      await forget();
      throw MuxError.is(error) && error.reason === "refused"
        ? new ForwardError("refused-by-server", `The server refused to listen: ${error.message}`)
        : MuxError.is(error)
          ? connectionEnded()
          : error;
    }
  }

  #onConnection(socket: Socket, type: string, handler: ForwardedHandler): void {
    socket.on("error", () => {});
    // The master does not report the originator of the connection.
    handler(undefined).then(
      (user) => {
        if (user === undefined || this.#ended.signal.aborted) {
          socket.destroy();
          return;
        }
        const channel = new SocketChannel(socket, type);
        this.#channels.add(channel);
        channel.onDidClose(() => this.#channels.delete(channel));
        user(channel);
      },
      () => socket.destroy(),
    );
  }
}

/**
 * Encodes the body of `openForward` and `closeForward`: the server listens at `at`, and the master connects to a unix
 * socket.
 */
function encodeRemoteForward(at: ForwardAddress, target: string): Buffer {
  // The master takes an empty address for none, and requests "localhost" then (mux_master_process_open_fwd in mux.c,
  // channel_rfwd_bind_host in channels.c). All addresses are "*".
  const [host, port] = at.type === "tcp" ? [at.host || "*", at.port] : [at.path, muxUnixPort];
  return Buffer.concat([
    wireUint32(muxForward.remote),
    wireString(host),
    wireUint32(port),
    wireString(target),
    wireUint32(muxUnixPort),
  ]);
}
