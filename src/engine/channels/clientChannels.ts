/** Channels that all engines open in the same manner, on their channel table. */
import type { Endpoint, ForwardAddress } from "../connectionEngine.ts";
import { ChannelError } from "../engineErrors.ts";
import type { Channel } from "./channel.ts";
import type { ChannelTable } from "./channelTable.ts";
import { encodeDirectStreamlocal, encodeDirectTcpip } from "./messages.ts";

/** See EngineConnection.openForward. @param window bytes */
export function openForwardChannel(
  table: ChannelTable,
  target: ForwardAddress,
  originator: Endpoint,
  window: number,
  signal: AbortSignal,
): Promise<Channel> {
  return target.type === "tcp"
    ? table.open("direct-tcpip", window, encodeDirectTcpip(target, originator), signal)
    : table.open("direct-streamlocal@openssh.com", window, encodeDirectStreamlocal(target.path), signal);
}

/** See EngineConnection.probeChannel. */
export async function probeByChannel(table: ChannelTable, signal: AbortSignal): Promise<number> {
  const sent = performance.now();
  try {
    (await table.open("session", 0, Buffer.alloc(0), signal)).close();
  } catch (error) {
    if (!(ChannelError.is(error) && error.reason === "refused")) {
      throw error;
    }
  }
  return performance.now() - sent;
}
