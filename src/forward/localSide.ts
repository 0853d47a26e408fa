import type { Socket } from "node:net";
import { asError } from "../base/errors.ts";
import { type ForwardTarget, formatTarget } from "../config/forwardSpec.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import type { ClientMaster } from "./clientMaster.ts";
import type { ConnectionEntry } from "./connectionTable.ts";
import { relay } from "./relay.ts";
import { type SocksClient, socksOnSocket, socksOutcome } from "./socksConversation.ts";

export interface LocalSideInit {
  /** Undefined: each client names its own target by SOCKS. */
  readonly target: ForwardTarget | undefined;
  /** Seconds; 0: no limit. */
  readonly idleLimit: number;
  /** Aborts when the forward stops. */
  readonly run: AbortSignal;
  readonly master: Pick<ClientMaster, "current" | "ready">;
  /** A deadline for reading a SOCKS request, and for the connection to return. */
  deadline(): { readonly signal: AbortSignal; lift(): void; dispose(): void };
}

/** Connects a client of a local listener to its target, through the server. Never rejects. */
export async function serveLocal(socket: Socket, entry: ConnectionEntry, init: LocalSideInit): Promise<void> {
  let deadline: ReturnType<LocalSideInit["deadline"]> | undefined;
  let client: SocksClient | undefined;
  try {
    let signal = init.run;
    let master = init.target && init.master.current;
    if (master === undefined) {
      deadline = init.deadline();
      ({ signal } = deadline);
      if (init.target === undefined) {
        client = await socksOnSocket(socket, signal);
        entry.goesTo(formatTarget({ type: "tcp", ...client.target }));
      }
      master = await init.master.ready(signal);
      deadline.lift();
    }
    const target: ForwardTarget = init.target ?? { type: "tcp", host: "", port: 0, ...client?.target };
    const originator = { host: socket.remoteAddress ?? "127.0.0.1", port: socket.remotePort ?? 65_535 };
    join(await master.channels.forward(target, originator, signal), socket, entry, init, client);
  } catch (error) {
    entry.end(asError(error));
    turnAway(socket, client, error);
  } finally {
    deadline?.dispose();
  }
}

/** A SOCKS client gets the reason. Others see the end of the connection, as with `ssh`. */
function turnAway(socket: Socket, client: SocksClient | undefined, error: unknown): void {
  if (socket.destroyed || socket.writableEnded) {
    socket.destroySoon();
  } else if (client !== undefined) {
    socket.end(client.answer(socksOutcome(error)), () => socket.destroySoon());
  } else {
    socket.destroy();
  }
}

function join(
  channel: EngineChannel,
  socket: Socket,
  entry: ConnectionEntry,
  { idleLimit }: LocalSideInit,
  client: SocksClient | undefined,
): void {
  if (client !== undefined) {
    socket.write(client.answer("granted"));
  }
  entry.made();
  relay({
    ...{ channel, socket, idleLimit },
    ...(client && { forChannel: client.rest }),
    count: (direction, bytes) => entry.count(direction === "toChannel" ? "toTarget" : "fromTarget", bytes),
    ended: () => entry.end(),
  });
}
