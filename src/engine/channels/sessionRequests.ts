import { raceSignal } from "../../base/deadline.ts";
import type { Logger } from "../../base/log.ts";
import type { SessionRequest, SessionSpec } from "../connectionEngine.ts";
import { ChannelError } from "../engineErrors.ts";
import type { Ssh2Channel } from "./channel.ts";
import { encodePty, sshString } from "./channelMessages.ts";
import { connectionEnded } from "./channelTable.ts";

/**
 * Makes an open channel a session (RFC 4254 section 6): all requests are sent at once and the answers awaited, so that
 * it costs one round trip, as in OpenSSH. On failure, and when the signal aborts, the channel is closed.
 */
export async function startSession(
  channel: Ssh2Channel,
  spec: SessionSpec,
  forwardAgent: boolean,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const nothing = Buffer.alloc(0);
  const agent = forwardAgent && channel.request("auth-agent-req@openssh.com", "", nothing);
  const { pty } = spec;
  const terminal =
    pty && channel.request("pty-req", `${pty.term} ${pty.columns}x${pty.rows}`, encodePty(pty));
  // The name alone is remembered: a value may be a secret.
  for (const [name, value] of Object.entries(spec.env)) {
    void channel.request("env", name, Buffer.concat([sshString(name), sshString(value)]));
  }
  const { type, text } = describe(spec.request);
  const start = channel.request(type, text, type === "shell" ? nothing : sshString(text));
  try {
    if (terminal !== undefined) {
      check(channel, await raceSignal(terminal, signal), "a terminal");
    }
    check(channel, await raceSignal(start, signal), type);
  } catch (error) {
    channel.close();
    throw afterAsking(error);
  }
  if (agent !== false && !(await agent)) {
    logger.warn("The server refused to forward the agent");
  }
}

function describe(request: SessionRequest): { type: SessionRequest["type"]; text: string } {
  switch (request.type) {
    case "shell":
      return { type: "shell", text: "" };
    case "exec":
      return { type: "exec", text: request.command };
    case "subsystem":
      return { type: "subsystem", text: request.name };
  }
}

/** Whoever opens another channel in place of this one has to know that a command may run twice then. */
function afterAsking(error: unknown): unknown {
  return ChannelError.is(error) && error.reason === "connection-ended"
    ? new ChannelError(error.reason, error.message, { cause: error, mayHaveStarted: true })
    : error;
}

function check(channel: Ssh2Channel, accepted: boolean | undefined, what: string): void {
  if (accepted === true) {
    return;
  }
  if (channel.isLost) {
    throw connectionEnded();
  }
  throw new ChannelError(
    "request-failed",
    accepted === false
      ? `The server refused ${what}`
      : `The server closed the channel instead of starting ${what}`,
  );
}
