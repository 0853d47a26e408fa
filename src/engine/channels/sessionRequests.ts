import type { Clock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import type { Disposable } from "../../base/disposable.ts";
import { wireString } from "../../base/wire.ts";
import type { SessionRequest, SessionSpec } from "../connectionEngine.ts";
import { ChannelError, connectionEnded } from "../engineErrors.ts";
import type { Channel } from "./channel.ts";
import { encodePty } from "./messages.ts";

/** A request as it is sent. */
interface PreparedRequest {
  readonly name: string;
  /** Shown to people. */
  readonly detail: string;
  readonly payload: Uint8Array;
}

/** What makes a channel a session, ready to be sent. */
export interface PreparedSession {
  readonly agent: boolean;
  readonly pty: PreparedRequest | undefined;
  readonly env: readonly PreparedRequest[];
  readonly start: PreparedRequest;
}

/** Around a request's payload: message number, recipient, length and text of the name, want-reply. */
const requestHead = 1 + 4 + 4 + 1;

/**
 * Encodes a session's requests (RFC 4254 section 6), before a channel is opened for it.
 * @param largestMessage what the peer takes: a larger message would make it end the connection, and every session on it.
 * @throws ChannelError `request-too-large`, `request-has-nul`
 */
export function prepareSession(
  spec: SessionSpec,
  forwardAgent: boolean,
  largestMessage: number,
): PreparedSession {
  const { pty, request } = spec;
  const texts = [
    pty?.term,
    ...Object.entries(spec.env).flat(),
    request.type === "exec" ? request.command : request.type === "subsystem" ? request.name : undefined,
  ];
  if (texts.some((text) => text?.includes("\0"))) {
    // sshd reads them as C strings and ends the connection over a NUL (sshpkt_get_cstring).
    throw new ChannelError(
      "request-has-nul",
      "A command, name or environment variable holds a NUL character",
    );
  }
  const prepare = (name: string, detail: string, payload: Uint8Array): PreparedRequest => {
    const size = requestHead + name.length + payload.length;
    if (size > largestMessage) {
      throw new ChannelError(
        "request-too-large",
        `A request (${name}) of ${size} bytes is above the ${largestMessage} bytes that the server takes`,
        { limit: largestMessage },
      );
    }
    return { name, detail, payload };
  };
  return {
    agent: forwardAgent,
    pty: pty && prepare("pty-req", `${pty.term} ${pty.columns}x${pty.rows}`, encodePty(pty)),
    // The detail is the name alone: a value may be a secret.
    env: Object.entries(spec.env).map(([name, value]) =>
      prepare("env", name, Buffer.concat([wireString(name), wireString(value)])),
    ),
    start: prepareStart(spec.request, prepare),
  };
}

function prepareStart(
  request: SessionRequest,
  prepare: (name: string, detail: string, payload: Uint8Array) => PreparedRequest,
): PreparedRequest {
  switch (request.type) {
    case "shell":
      return prepare("shell", "", Buffer.alloc(0));
    case "exec":
      return prepare("exec", request.command, wireString(request.command));
    case "subsystem":
      return prepare("subsystem", request.name, wireString(request.name));
  }
}

/**
 * A shell or command that the server neither accepts nor refuses within this time counts as running, as it does in
 * `ssh`: some devices answer no request and say nothing before a key is pressed. Milliseconds.
 */
const unansweredStart = 5000;

/**
 * Makes an open channel a session: all requests are sent at once, so that it costs one round trip. Replies are asked for
 * as by OpenSSH's client_session2_setup (clientloop.c): of the pty and of the program; not of env and agent
 * forwarding, as some servers never answer those. A refused pty leaves the session going without one.
 * On failure, and when the signal aborts, the channel is closed. A refusal that comes too late closes it, too.
 */
export async function startSession(
  channel: Channel,
  session: PreparedSession,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (session.agent) {
    channel.notify("auth-agent-req@openssh.com", "", Buffer.alloc(0));
  }
  if (session.pty !== undefined) {
    const { name, detail, payload } = session.pty;
    void channel.request(name, detail, payload);
  }
  for (const { name, detail, payload } of session.env) {
    channel.notify(name, detail, payload);
  }
  const { name, detail, payload } = session.start;
  const reply = channel.request(name, detail, payload);
  let timer: Disposable | undefined;
  const unanswered = new Promise<true>((resolve) => {
    timer = clock.setTimeout(() => {
      resolve(true);
      void reply.then((accepted) => accepted === false && channel.close());
    }, unansweredStart);
  });
  try {
    // A server that never answers one of the requests shows by its output that the program runs.
    const accepted = await raceSignal(Promise.race([reply, channel.showsLife(), unanswered]), signal);
    check(channel, accepted, name);
  } catch (error) {
    channel.close();
    throw afterAsking(error);
  } finally {
    timer?.dispose();
  }
}

/** To open another channel in place of this one may run the command twice: the caller has to know. */
function afterAsking(error: unknown): unknown {
  return ChannelError.is(error) && error.reason === "connection-ended"
    ? new ChannelError(error.reason, error.message, { cause: error, mayHaveStarted: true })
    : error;
}

function check(channel: Channel, accepted: boolean | undefined, what: string): void {
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
