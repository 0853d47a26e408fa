import type { Duplex } from "node:stream";
import ssh2 from "ssh2";
import { type Clock, systemClock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import { usualWindows, type WindowSizes } from "../channelConnection.ts";
import type { ConnectionEngine, ConnectRequest, EngineConnection } from "../connectionEngine.ts";
import { ConnectError } from "../engineErrors.ts";
import { AgentSocketBudget } from "../transport/agentForwarding.ts";
import { dialTcp } from "../transport/dialTcp.ts";
import { algorithmOffer } from "./algorithms.ts";
import { Handshake } from "./handshake.ts";
import { Ssh2Connection } from "./ssh2Connection.ts";

export interface Ssh2EngineOptions {
  readonly clock?: Clock;
  readonly windows?: Partial<WindowSizes>;
}

/** The engine that runs in this process on every system: the `ssh2` package for the transport, our own channels. */
export class Ssh2Engine implements ConnectionEngine {
  readonly name = "ssh2";
  readonly transport = "given";
  readonly runsInKeeper = true;
  readonly #clock: Clock;
  readonly #windows: WindowSizes;
  readonly #agentSockets = new AgentSocketBudget();

  constructor(options: Ssh2EngineOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#windows = { ...usualWindows, ...options.windows };
  }

  async connect(request: ConnectRequest, signal: AbortSignal): Promise<EngineConnection> {
    const { config, logger, transport } = request;
    try {
      signal.throwIfAborted();
      const knownFirst = await raceSignal(request.verifier.preferredAlgorithms(), signal);
      if (transport?.destroyed) {
        // It ended before there was a listener: no event will follow.
        throw (
          transport.errored ??
          new ConnectError("closed-during-handshake", "The transport to the server closed")
        );
      }
      const offer = algorithmOffer(config, knownFirst);
      const socket = transport ?? (await this.#dial(request, signal));
      const client = new ssh2.Client();
      const connection = new Ssh2Connection({
        client,
        socket,
        config,
        logger,
        clock: this.#clock,
        windows: this.#windows,
        agentSockets: this.#agentSockets,
        hostKeys: {
          offered: offer.serverHostKey,
          announced: (announcement, gone) => void request.verifier.announced?.(announcement, gone),
        },
      });
      connection.setTcpKeepAlive(request.tcpKeepAlive);
      await new Handshake({ client, socket, connection, request, offer, clock: this.#clock, signal }).run();
      return connection;
    } catch (error) {
      transport?.destroy();
      throw error;
    }
  }

  #dial(request: ConnectRequest, signal: AbortSignal): Promise<Duplex> {
    const { config } = request;
    request.onPhase?.("tcp");
    return dialTcp(config, this.#clock, signal);
  }
}
