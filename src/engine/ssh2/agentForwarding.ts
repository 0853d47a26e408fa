import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import type { HostConfig } from "../../config/hostConfig.ts";
import { ChannelStream } from "../channelStream.ts";
import type { Ssh2Channel } from "./ssh2Channel.ts";

/**
 * Where the agent listens that is forwarded when a session asks for it (ssh_config ForwardAgent, IdentityAgent): a Unix
 * socket, or a named pipe of Windows. Undefined when there is none that speaks through a stream.
 */
export function agentToForward(config: HostConfig): string | undefined {
  const { forwardAgent, identityAgent } = config;
  const wanted = typeof forwardAgent === "string" ? forwardAgent : (identityAgent ?? "SSH_AUTH_SOCK");
  if (wanted === "none" || wanted === "pageant") {
    return undefined;
  }
  const variable = wanted === "SSH_AUTH_SOCK" ? wanted : /^\$\{?(\w+)\}?$/.exec(wanted)?.[1];
  const path = variable === undefined ? wanted : process.env[variable];
  return path || undefined;
}

/** Connects to the agent, and says how a channel of the server's is joined to it. Rejects when nobody listens. */
export async function joinAgent(path: string): Promise<(channel: Ssh2Channel) => void> {
  const socket = connect(path);
  await once(socket, "connect");
  return (channel) => {
    const stream = new ChannelStream(channel);
    // Whichever end goes first takes the other with it; there is nothing to report.
    pipeline(stream, socket, stream, () => socket.destroy());
  };
}
