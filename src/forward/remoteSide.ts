import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { asError, CancelledError } from "../base/errors.ts";
import { type ForwardTarget, formatTarget } from "../config/forwardSpec.ts";
import { matchPattern } from "../config/patterns.ts";
import type { EngineChannel, ForwardedHandler } from "../engine/connectionEngine.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { ConnectionEntry, ConnectionTable } from "./connectionTable.ts";
import type { DescriptorShare } from "./descriptorBudget.ts";
import type { DialledSockets } from "./dialledSockets.ts";
import { leadsBack } from "./loopWatch.ts";
import { type RelayInit, relay } from "./relay.ts";
import { socksOnChannel } from "./socksConversation.ts";

export interface RemoteSideInit {
  /** Of the forward. */
  readonly id: string;
  readonly table: ConnectionTable;
  readonly share: DescriptorShare;
  readonly dialled: DialledSockets;
  /** Undefined: each client on the server names its own target by SOCKS. */
  readonly target: ForwardTarget | undefined;
  /** PermitRemoteOpen: the targets that clients may name. Undefined: any. */
  readonly permitted: readonly string[] | undefined;
  /** Seconds; 0: no limit. */
  readonly idleLimit: number;
  /** A deadline for reading a SOCKS request and for connecting. */
  deadline(): { readonly signal: AbortSignal; dispose(): void };
  track(socket: Socket): void;
  /** The forward leads back to its own listener. */
  onLoop(error: ForwardError): void;
}

/** Handles connections to the server's listener, and connects each to its target here. */
export function remoteHandler(init: RemoteSideInit): ForwardedHandler {
  return async (from) => {
    const { target, table } = init;
    if (target === undefined) {
      return (channel) => void serveSocks(channel, from, init);
    }
    const entry = table.begin(from, formatTarget(target));
    const socket = await dial(target, init).catch((error: unknown) => {
      entry.end(asError(error));
      return undefined;
    });
    if (socket !== undefined && init.dialled.add(socket, init.id, from)) {
      const error = leadsBack();
      socket.destroy();
      entry.end(error);
      init.onLoop(error);
      return undefined;
    }
    return socket && ((channel) => join(channel, socket, entry, init));
  };
}

async function serveSocks(
  channel: EngineChannel,
  from: string | undefined,
  init: RemoteSideInit,
): Promise<void> {
  const entry = init.table.begin(from, undefined);
  const deadline = init.deadline();
  const over = new AbortController();
  let hasEnded = false;
  const subscriptions = [
    channel.onDidReceiveEof(() => {
      hasEnded = true;
    }),
    channel.onDidClose(() => over.abort(new CancelledError())),
  ];
  let answer: ((outcome: "granted" | "refused") => Uint8Array) | undefined;
  try {
    const client = await socksOnChannel(channel, deadline.signal);
    answer = (outcome) => client.answer(outcome);
    const target: ForwardTarget = { type: "tcp", ...client.target };
    entry.goesTo(formatTarget(target));
    if (!isPermitted(target, init.permitted)) {
      throw new ForwardError("not-permitted", "PermitRemoteOpen does not list the target");
    }
    const socket = await dial(target, init, over.signal);
    channel.write(answer("granted"));
    join(channel, socket, entry, init, { forSocket: client.rest, channelHasEnded: hasEnded });
  } catch (error) {
    if (answer !== undefined) {
      channel.write(answer("refused"));
    }
    channel.eof();
    channel.close();
    // Let its remaining data flow, so that its end is noticed.
    channel.resume();
    entry.end(asError(error));
  } finally {
    for (const subscription of subscriptions) {
      subscription.dispose();
    }
    deadline.dispose();
  }
}

/** `host:port` patterns, where `*` is any host or any port (PermitRemoteOpen in ssh_config(5)). */
function isPermitted(
  target: Extract<ForwardTarget, { type: "tcp" }>,
  permitted: readonly string[] | undefined,
): boolean {
  return (
    permitted === undefined ||
    permitted.some((pattern) => {
      const [, host = "", port = ""] = /^(.*):([^:]*)$/.exec(pattern) ?? [];
      const bare = host.replace(/^\[(.*)\]$/, "$1");
      return matchPattern(target.host, bare) && (port === "*" || port === `${target.port}`);
    })
  );
}

/** @param over aborts when the result is no longer needed */
async function dial(target: ForwardTarget, init: RemoteSideInit, over?: AbortSignal): Promise<Socket> {
  const { share } = init;
  const deadline = init.deadline();
  const signal = over === undefined ? deadline.signal : AbortSignal.any([deadline.signal, over]);
  try {
    const turn = share.take(signal);
    if (turn === undefined) {
      throw new ForwardError("no-descriptors", "Too many connections are open");
    }
    await turn;
    return await connect(target, init, signal);
  } finally {
    deadline.dispose();
  }
}

/** Gives the descriptor back when the socket closes. */
async function connect(
  target: ForwardTarget,
  { share, track }: RemoteSideInit,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = createConnection(
    target.type === "unix"
      ? { path: target.path, allowHalfOpen: true }
      : { host: target.host, port: target.port, allowHalfOpen: true },
  );
  socket.once("close", () => share.giveBack());
  // A connected socket whose channel does not open has no other listener.
  socket.on("error", () => {});
  track(socket);
  try {
    await once(socket, "connect", { signal });
    socket.pause();
    return socket;
  } catch (error) {
    socket.destroy();
    throw new ForwardError("target-refused", "The target does not answer", { cause: asError(error) });
  }
}

function join(
  channel: EngineChannel,
  socket: Socket,
  entry: ConnectionEntry,
  { idleLimit }: RemoteSideInit,
  before: Pick<RelayInit, "forSocket" | "channelHasEnded"> = {},
): void {
  relay({
    ...{ channel, socket, idleLimit },
    ...before,
    count: (direction, bytes) => entry.count(direction === "toSocket" ? "toTarget" : "fromTarget", bytes),
    ended: () => entry.end(),
  });
}
