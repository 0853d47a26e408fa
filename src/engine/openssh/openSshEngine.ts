import { dirname } from "node:path";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { CancelledError } from "../../base/errors.ts";
import { printable } from "../../base/log.ts";
import { destinationKey } from "../../config/destinationKey.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { ConnectionEngine, ConnectRequest, EngineConnection } from "../connectionEngine.ts";
import { type ConnectionInfo, isConnectionInfo } from "../connectionInfo.ts";
import { networkError } from "../transport/networkErrors.ts";
import { clearControlPath } from "./clearControlPath.ts";
import { ControlPathConnection } from "./controlPathConnection.ts";
import type { Departures } from "./departures.ts";
import {
  abandonedMasters,
  type MasterFiles,
  masterFolder,
  newMasterFiles,
  placeMaster,
  readMasterInfo,
  releaseMaster,
  removeMasterFiles,
} from "./masterFolder.ts";
import { logIn } from "./masterLogin.ts";
import { MuxControl, MuxError, withMaster } from "./muxControl.ts";
import { OpenSshConnection, type OpenSshConnectionParts } from "./openSshConnection.ts";
import { isAtLeast, type SystemSsh, systemSsh } from "./systemSsh.ts";

export interface OpenSshEngineOptions {
  readonly clock?: Clock;
  readonly departures?: Departures;
  /** The file of `ssh -F` for a host; empty: OpenSSH's defaults. */
  readonly configFile: () => string;
  /** The user's ControlPath for a new master; the user's own `ssh` then uses it, too. Undefined: a path of ours. */
  readonly controlPathFor?: (config: HostConfig) => Promise<string | undefined>;
  /** Default: the first `ssh` in PATH. */
  readonly findSsh?: () => Promise<string | undefined>;
}

/** Of a master that will not be used. Milliseconds. */
const answerTime = 1_000;

/** A connection whose master this engine has made. */
type OwnMasterConnection = OpenSshConnection | ControlPathConnection;

interface MakeInit {
  readonly ssh: SystemSsh;
  readonly folder: string;
  readonly destination: string;
  readonly request: ConnectRequest;
  readonly signal: AbortSignal;
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
  readonly #connections = new Set<OwnMasterConnection>();
  readonly #controlPaths = new Set<string>();
  #isDisposed = false;

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
        const there = await this.#takeOver(ssh, await abandonedMasters(folder, destination), request, signal);
        if (there !== undefined) {
          return there;
        }
      }
      const make = { ssh, folder, destination, request, signal };
      // A relayed connection ends with this window, so nobody else gets it.
      const controlPath = transport === undefined ? await this.#freeControlPath(request, signal) : undefined;
      try {
        return await this.#make(make, controlPath);
      } catch (error) {
        if (controlPath === undefined || !(MuxError.is(error) && error.reason === "taken")) {
          throw error;
        }
        request.logger.info(`Another socket came first at ${printable(controlPath)}: logs in again`);
      }
      return await this.#make(make, undefined);
    } catch (error) {
      transport?.destroy();
      // Of the files of the login.
      throw error instanceof Error && "syscall" in error ? networkError(error) : error;
    }
  }

  /** The window closes or reloads: the masters stay for a short time, so that the next window can take them over. */
  dispose(): void {
    this.#isDisposed = true;
    for (const connection of this.#connections) {
      connection.release();
    }
  }

  /** Those of the user where masters of ours are, or are being made. */
  get controlPaths(): ReadonlySet<string> {
    return this.#controlPaths;
  }

  /** ControlPath, if a new master can be there. @throws the signal's reason */
  async #freeControlPath(
    { config, logger }: ConnectRequest,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const path = await this.#options.controlPathFor?.(config);
    if (path === undefined || this.#controlPaths.has(path)) {
      return undefined;
    }
    const obstacle = await clearControlPath(path, signal);
    if (obstacle !== undefined) {
      logger.info(`The connection is not shared at ${printable(path)}: ${obstacle}`);
    }
    return obstacle === undefined ? path : undefined;
  }

  /** @throws MuxError `taken` */
  async #make(
    { ssh, folder, destination, request, signal }: MakeInit,
    controlPath: string | undefined,
  ): Promise<OwnMasterConnection> {
    let files = await newMasterFiles(folder, destination, controlPath);
    try {
      if (controlPath !== undefined) {
        this.#controlPaths.add(controlPath);
      }
      const configFile = this.#options.configFile();
      const login = await logIn({ ssh, files, request, configFile, clock: this.#clock, signal });
      files = await placeMaster(files);
      const connection = await this.#attach(ssh, files, login.info, request, signal, {
        transport: request.transport,
        relayed: login.relayed,
      });
      await login.succeeded(connection.info);
      return connection;
    } catch (error) {
      await endMaster(files);
      if (controlPath !== undefined) {
        this.#controlPaths.delete(controlPath);
      }
      throw error;
    }
  }

  async #takeOver(
    ssh: SystemSsh,
    masters: readonly MasterFiles[],
    request: ConnectRequest,
    signal: AbortSignal,
  ): Promise<OwnMasterConnection | undefined> {
    for (const files of masters) {
      const info = await readMasterInfo(files);
      try {
        if (isConnectionInfo(info)) {
          const connection = await this.#attach(ssh, files, info, request, signal, { isTakenOver: true });
          request.logger.info("The connection of the previous window still exists");
          return connection;
        }
      } catch {
        // The master is ending or does not answer: make a new one.
      }
      if (this.#isDisposed || CancelledError.is(signal.reason)) {
        // The next one may take it over.
        await releaseMaster(files);
        throw signal.reason ?? new CancelledError();
      }
      await leaveMaster(files);
      signal.throwIfAborted();
    }
    return undefined;
  }

  async #attach(
    { version }: SystemSsh,
    files: MasterFiles,
    info: ConnectionInfo,
    { logger }: ConnectRequest,
    signal: AbortSignal,
    carried: Partial<Pick<OpenSshConnectionParts, "transport" | "relayed">> & {
      readonly isTakenOver?: boolean;
    },
  ): Promise<OwnMasterConnection> {
    const control = await MuxControl.open(files.socket, signal);
    const onAbort = (): void => control.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const pid = await control.alive();
      const { socket, frames } = await control.proxy();
      const { departures } = this.#options;
      const parts = {
        ...{ files, pid, socket, frames, info, logger, clock: this.#clock, departures },
        confusesChannels: !isAtLeast(version, { major: 9, minor: 9 }),
      };
      const { transport, relayed, isTakenOver = false } = carried;
      const connection =
        files.place === undefined
          ? new OpenSshConnection({ ...parts, transport, relayed })
          : new ControlPathConnection({ ...parts, isTakenOver, folder: dirname(files.log) });
      this.#connections.add(connection);
      if (files.place !== undefined) {
        this.#controlPaths.add(files.socket);
      }
      if (this.#isDisposed) {
        connection.release();
      }
      connection.onDidClose(() => {
        this.#connections.delete(connection);
        if (files.place !== undefined) {
          this.#controlPaths.delete(files.socket);
        }
      });
      return connection;
    } catch (error) {
      control.close();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/**
 * Ends a new master that will not be used. At ControlPath, another program may already use it: it ends with its
 * clients. Never rejects.
 */
async function endMaster(files: MasterFiles): Promise<void> {
  if (files.place !== undefined) {
    await leaveMaster(files);
    return;
  }
  await withMaster(files.socket, AbortSignal.timeout(answerTime), (control) => control.terminate()).catch(
    () => {},
  );
  await removeMasterFiles(files);
}

/** A master that this window will not use ends with its last client. Never rejects. */
async function leaveMaster(files: MasterFiles): Promise<void> {
  // Before `placeMaster`, whose socket is there is not known.
  if (files.place === undefined || files.place.identity !== undefined) {
    await withMaster(files.socket, AbortSignal.timeout(answerTime), (control) =>
      control.stopListening(),
    ).catch(() => {});
  }
  await removeMasterFiles(files);
}
