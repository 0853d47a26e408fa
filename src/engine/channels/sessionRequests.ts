import type { Clock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import type { Disposable } from "../../base/disposable.ts";
import { wireString } from "../../base/wire.ts";
import type { SessionRequest, SessionSpec } from "../connectionEngine.ts";
import { ChannelError, connectionEnded } from "../engineErrors.ts";
import type { Channel } from "./channel.ts";
import { encodePty } from "./messages.ts";

/** An encoded request. */
interface PreparedRequest {
  readonly name: string;
  /** Shown to the user. */
  readonly detail: string;
  readonly payload: Uint8Array;
}

/** The requests of a session, ready to be sent. */
export interface PreparedSession {
  readonly agent: boolean;
  readonly pty: PreparedRequest | undefined;
  readonly env: readonly PreparedRequest[];
  readonly start: PreparedRequest;
}

/** The bytes around a request's payload: message number, recipient, length and text of the name, want-reply. */
const requestHead = 1 + 4 + 4 + 1;

/**
 * Encodes a session's requests (RFC 4254 section 6) before its channel is opened.
 * @param largestMessage the peer's limit: a larger message would make it end the connection and every session on it.
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
    // sshd reads them as C strings and ends the connection at a NUL (sshpkt_get_cstring).
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
    // The detail is only the name, because a value may be a secret.
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
 * A shell or command that the server neither accepts nor refuses within this time counts as running, as in `ssh`:
 * some devices reply to no request and print nothing before a key is pressed. Milliseconds.
 */
const unansweredStart = 5000;

/**
 * Starts a session on an open channel. All requests are sent at once, in one round trip. Replies are requested as in
 * OpenSSH's client_session2_setup (clientloop.c): for the pty and the program, but not for env and agent forwarding,
 * because some servers never reply to those. If the pty is refused, the session continues without one. On failure,
 * when the signal aborts, and on a late refusal, the channel is closed.
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
    // If a server never replies to one of the requests, its output shows that the program runs.
    const accepted = await raceSignal(Promise.race([reply, channel.showsLife(), unanswered]), signal);
    check(channel, accepted, name);
  } catch (error) {
    channel.close();
    throw afterAsking(error);
  } finally {
    timer?.dispose();
  }
}

/** Opening another channel instead may run the command twice, so the caller must know. */
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
