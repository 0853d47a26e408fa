import { printable } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import type { ChannelExit } from "../connectionEngine.ts";
import { decodeExitSignal } from "./messages.ts";

/** Reads an exit-signal request (RFC 4254 section 6.10) and makes its text printable. */
export function receivedExitSignal(body: WireReader): ChannelExit {
  const { signal, coreDumped, text } = decodeExitSignal(body);
  return {
    ...(signal !== undefined && { signal: printable(signal) }),
    coreDumped: coreDumped === true,
    ...(text && { message: printable(text) }),
  };
}
