import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Deadline } from "../base/deadline.ts";
import { type ForwardTarget, formatTarget } from "../config/forwardSpec.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { ClientMaster } from "./clientMaster.ts";
import type { ConnectionTable } from "./connectionTable.ts";
import type { DescriptorShare } from "./descriptorBudget.ts";
import { serveLocal } from "./localSide.ts";
import { LoopWatch, leadsBack } from "./loopWatch.ts";
import { resetSocket } from "./resetSocket.ts";

export interface LocalClientsInit {
  readonly clock: Clock;
  readonly table: ConnectionTable;
  readonly share: DescriptorShare;
  /** Undefined: each client names its own target by SOCKS. */
  readonly target: ForwardTarget | undefined;
  /** Seconds; 0: no limit. */
  readonly idleLimit: number;
  /** Aborts when the forward stops. */
  readonly run: AbortSignal;
  readonly master: Pick<ClientMaster, "current" | "ready">;
  /** A deadline for reading a SOCKS request, and for the connection to return. */
  deadline(): Deadline;
  /** The forward leads back to its own listener. */
  onLoop(error: ForwardError): void;
}

/** The clients of a listener on this computer. */
export class LocalClients {
  readonly #init: LocalClientsInit;
  readonly #to: string | undefined;
  readonly #watch: LoopWatch | undefined;

  constructor(init: LocalClientsInit) {
    this.#init = init;
    const { target, clock, run } = init;
    this.#to = target && formatTarget(target);
    // A SOCKS client's data is no request for another connection.
    this.#watch = target && new LoopWatch({ clock, run, open: (signal) => this.#probe(target, signal) });
  }

  /** Connects it to its target. The socket is paused. Never rejects. */
  async serve(socket: Socket): Promise<void> {
    const { table, share, run, deadline, onLoop } = this.#init;
    const loop = this.#watch?.arrived(socket, table.unanswered);
    if (loop !== undefined && (await loop)) {
      if (!run.aborted) {
        onLoop(leadsBack());
      }
      return;
    }
    if (!share.tryTake()) {
      try {
        await share.takeInTime(deadline);
      } catch (error) {
        // A stopped forward has reset the socket, and counts no failure.
        if (ForwardError.is(error)) {
          table.turnedAway(error);
        }
        resetSocket(socket);
        return;
      }
    }
    if (socket.destroyed) {
      share.giveBack();
      return;
    }
    socket.once("close", () => share.giveBack());
    const from =
      socket.remoteAddress === undefined ? undefined : `${socket.remoteAddress}:${socket.remotePort}`;
    await serveLocal(socket, table.begin(from, this.#to), this.#init);
  }

  async #probe(target: ForwardTarget, signal: AbortSignal): Promise<EngineChannel> {
    const master = await this.#init.master.ready(signal);
    return await master.channels.forward(target, { host: "127.0.0.1", port: 65_535 }, signal);
  }
}
