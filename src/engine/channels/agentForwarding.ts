import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { agentPath } from "../../auth/agent/agentPath.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import type { Ssh2Channel } from "./channel.ts";
import { ChannelStream } from "./channelStream.ts";

/**
 * Where the agent listens that is forwarded when a session asks for it: ssh_config ForwardAgent may name one, else it is
 * the one that logs in. Undefined when there is none that speaks through a stream (PuTTY's Pageant doesn't).
 */
export function agentToForward(config: HostConfig): string | undefined {
  const { forwardAgent } = config;
  const source = typeof forwardAgent === "string" ? { identityAgent: forwardAgent } : config;
  const path = agentPath(source, process.env, process.platform);
  return path === "pageant" ? undefined : path;
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
