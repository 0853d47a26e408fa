import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { agentPath } from "../../auth/agent/agentPath.ts";
import { longestDelay } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposable.ts";
import { type Logger, printable } from "../../base/log.ts";
import { channelTimeoutFor } from "../../config/channelTimeouts.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { ChannelStream } from "../channels/channelStream.ts";
import { openFailureCode } from "../channels/messages.ts";
import type { Acceptance, ChannelUser } from "../channels/peerOpens.ts";

/** The type of channels by which a server reaches the agent (draft-ietf-sshm-ssh-agent). */
export const agentChannelType = "auth-agent@openssh.com";

/** Simultaneous agent channels of one connection. A program needs one, and only while it talks to the agent. */
const mostPerConnection = 16;

/** The sockets to agents that all connections may use together: each is a descriptor of the extension host. */
export class AgentSocketBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit = 64) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false when there is none left; otherwise call `giveBack` once. */
  take(): boolean {
    if (this.#used >= this.#limit) {
      return false;
    }
    this.#used++;
    return true;
  }

  giveBack(): void {
    this.#used--;
  }
}

/**
 * Agent forwarding of one connection. sshd gives SSH_AUTH_SOCK to all sessions of a connection once one has requested
 * it, so a channel can't be matched to the session that requested forwarding. Channels are accepted while such a
 * session lives, and end with the last one.
 */
export class AgentForwarding implements Disposable {
  readonly #config: HostConfig;
  readonly #budget: AgentSocketBudget;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #logged = new Set<string>();
  #sessions = 0;

  constructor(config: HostConfig, budget: AgentSocketBudget, logger: Logger) {
    this.#config = config;
    this.#budget = budget;
    this.#logger = logger;
  }

  /** An agent exists that could be forwarded. */
  get isPossible(): boolean {
    return agentToForward(this.#config) !== undefined;
  }

  /** A session that requests forwarding begins. Dispose when it has ended. */
  begin(): Disposable {
    this.#sessions++;
    return toDisposable(() => {
      this.#sessions--;
      if (this.#sessions === 0) {
        this.dispose();
      }
    });
  }

  /** Undefined when there is no agent that could be forwarded. */
  beginIfPossible(): Disposable | undefined {
    return this.isPossible ? this.begin() : undefined;
  }

  /** The server opens a channel of the type `agentChannelType`. */
  accept(): Acceptance {
    const path = agentToForward(this.#config);
    if (this.#sessions === 0 || path === undefined) {
      this.#logOnce("The server tried to use the agent although no session forwards it. It is refused.");
      return openFailureCode.administrativelyProhibited;
    }
    if (this.#sockets.size >= mostPerConnection || !this.#budget.take()) {
      this.#logOnce("The server uses the agent too often at the same time. Further channels are refused.");
      return openFailureCode.resourceShortage;
    }
    return this.#join(path);
  }

  /** Ends all agent channels. */
  dispose(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async #join(path: string): Promise<ChannelUser | undefined> {
    // As in `ssh`: an agent that has ended its own side can still be written to.
    const socket = connect({ path, allowHalfOpen: true });
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#budget.giveBack();
    });
    try {
      await once(socket, "connect");
    } catch (error) {
      socket.destroy();
      this.#logOnce(`The agent to be forwarded does not answer: ${printable(String(error))}`);
      return undefined;
    }
    if (socket.destroyed) {
      return undefined;
    }
    const limit = channelTimeoutFor(this.#config.channelTimeouts, "agent-connection");
    return (channel) => joinStreams(new ChannelStream(channel), socket, limit?.seconds ?? 0);
  }

  #logOnce(text: string): void {
    if (!this.#logged.has(text)) {
      this.#logged.add(text);
      this.#logger.warn(text);
    }
  }
}

/**
 * The end of each side is passed on to the other, which may continue sending; the end of both, or an error, closes
 * everything.
 *
 * @param idleLimit seconds without data in either direction, after which everything is closed. 0: no limit.
 */
function joinStreams(stream: ChannelStream, socket: Socket, idleLimit: number): void {
  socket.setTimeout(Math.min(idleLimit * 1000, longestDelay), () => stream.destroy());
  stream.on("error", () => socket.destroy());
  socket.on("error", () => stream.destroy());
  stream.on("close", () => socket.destroySoon());
  socket.on("close", () => stream.end());
  stream.pipe(socket);
  socket.pipe(stream);
}

/**
 * The socket of the agent to forward when a session requests it: ssh_config ForwardAgent may name one, otherwise it
 * is the one used for the login. Undefined when there is none that uses a stream (PuTTY's Pageant doesn't).
 */
function agentToForward(config: HostConfig): string | undefined {
  const { forwardAgent } = config;
  const source = typeof forwardAgent === "string" ? { identityAgent: forwardAgent } : config;
  const path = agentPath(source, process.env, process.platform);
  return path === "pageant" ? undefined : path;
}
