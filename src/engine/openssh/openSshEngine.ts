import { type Clock, systemClock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { destinationKey } from "../../config/destinationKey.ts";
import type { ConnectionEngine, ConnectRequest, EngineConnection } from "../connectionEngine.ts";
import { type ConnectionInfo, isConnectionInfo } from "../connectionInfo.ts";
import {
  abandonedMasters,
  type MasterFiles,
  masterFolder,
  newMasterFiles,
  readMasterInfo,
  removeMasterFiles,
} from "./masterFolder.ts";
import { logIn } from "./masterLogin.ts";
import { MuxControl, withMaster } from "./muxControl.ts";
import { OpenSshConnection, type OpenSshConnectionParts } from "./openSshConnection.ts";
import { systemSsh } from "./systemSsh.ts";

export interface OpenSshEngineOptions {
  readonly clock?: Clock;
  /** The file of `ssh -F` for a host; empty: OpenSSH's defaults. */
  readonly configFile: () => string;
  /** Default: the first `ssh` in PATH. */
  readonly findSsh?: () => Promise<string | undefined>;
}

/**
 * Lets the machine's `ssh` make the connection as a separate master and uses it as a proxy client (PROTOCOL.mux).
 * Therefore every login method of `ssh` works: GSSAPI, PKCS#11, any algorithm.
 */
export class OpenSshEngine implements ConnectionEngine, Disposable {
  readonly name = "openssh";
  readonly transport = "given";
  readonly #options: OpenSshEngineOptions;
  readonly #clock: Clock;
  readonly #connections = new Set<OpenSshConnection>();

  constructor(options: OpenSshEngineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async connect(request: ConnectRequest, signal: AbortSignal): Promise<EngineConnection> {
    const { config, transport } = request;
    try {
      const ssh = await systemSsh(this.#clock, signal, this.#options.findSsh);
      const folder = await masterFolder();
      const destination = destinationKey(config);
      if (transport === undefined) {
        const there = await this.#takeOver(await abandonedMasters(folder, destination), request, signal);
        if (there !== undefined) {
          return there;
        }
      }
      const files = await newMasterFiles(folder, destination);
      try {
        const configFile = this.#options.configFile();
        const login = await logIn({ ssh, files, request, configFile, clock: this.#clock, signal });
        const connection = await this.#attach(files, login.info, request, signal, {
          transport,
          relayed: login.relayed,
        });
        await login.succeeded(connection.info);
        return connection;
      } catch (error) {
        await endMaster(files);
        throw error;
      }
    } catch (error) {
      transport?.destroy();
      throw error;
    }
  }

  /** The window closes or reloads: the masters stay for a short time, so that the next window can take them over. */
  dispose(): void {
    for (const connection of this.#connections) {
      connection.release();
    }
  }

  async #takeOver(
    masters: readonly MasterFiles[],
    request: ConnectRequest,
    signal: AbortSignal,
  ): Promise<OpenSshConnection | undefined> {
    for (const files of masters) {
      const info = await readMasterInfo(files);
      try {
        if (isConnectionInfo(info)) {
          const connection = await this.#attach(files, info, request, signal, {});
          request.logger.info("The connection of the previous window still exists");
          return connection;
        }
      } catch {
        // The master is ending or does not answer: make a new one.
      }
      await endMaster(files);
      signal.throwIfAborted();
    }
    return undefined;
  }

  async #attach(
    files: MasterFiles,
    info: ConnectionInfo,
    { logger }: ConnectRequest,
    signal: AbortSignal,
    carried: Partial<Pick<OpenSshConnectionParts, "transport" | "relayed">>,
  ): Promise<OpenSshConnection> {
    const control = await MuxControl.open(files.socket, signal);
    const onAbort = (): void => control.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const pid = await control.alive();
      const { socket, frames } = await control.proxy();
      const connection = new OpenSshConnection({
        ...{ files, pid, socket, frames, info, logger, clock: this.#clock },
        transport: carried.transport,
        relayed: carried.relayed,
      });
      this.#connections.add(connection);
      connection.onDidClose(() => this.#connections.delete(connection));
      return connection;
    } catch (error) {
      control.close();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** Ends a master that will not be used. Never rejects. */
async function endMaster(files: MasterFiles): Promise<void> {
  const limit = AbortSignal.timeout(1000);
  await withMaster(files.socket, limit, (control) => control.terminate()).catch(() => {});
  await removeMasterFiles(files);
}
