import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AnyAuthMethod, Client, NegotiatedAlgorithms } from "ssh2";
import { AuthError } from "../../auth/authErrors.ts";
import type { AuthAttempt } from "../../auth/authPorts.ts";
import { asError, CancelledError } from "../../base/errors.ts";
import { printable } from "../../base/log.ts";
import type { ConnectionEnd, ConnectionInfo, ConnectRequest } from "../connectionEngine.ts";
import { ConnectError } from "../engineErrors.ts";
import { networkError } from "../transport/networkErrors.ts";
import { algorithmMismatch } from "./algorithmMismatch.ts";
import type { AlgorithmOffer } from "./algorithms.ts";
import { OneKeyAgent } from "./oneKeyAgent.ts";
import type { Ssh2Connection } from "./ssh2Connection.ts";

interface Parts {
  readonly client: Client;
  readonly socket: Duplex;
  readonly connection: Ssh2Connection;
  readonly request: ConnectRequest;
  readonly offer: AlgorithmOffer;
  readonly signal: AbortSignal;
}

/** RFC 4253 section 11.1: with these, sshd ends a login that has failed too often. */
const tooManyCodes: ReadonlySet<number> = new Set([2, 14]);

/** From a connected socket to a login: host key, authentication, and what their failures mean. For one use. */
export class Handshake {
  readonly #parts: Parts;
  readonly #log: ConnectRequest["logger"];
  #authenticating = false;
  #negotiated: NegotiatedAlgorithms | undefined;
  #acceptedKey: Buffer | undefined;
  #methodsLeft: readonly string[] | undefined;
  #partialSuccess = false;
  #refusals = 0;
  #secretRefused = false;
  #method = "none";
  /** Methods that were right before the last one (RFC 4252 section 5.1, partial success). */
  readonly #passed: string[] = [];
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#log = parts.request.logger;
  }

  /** Resolves when logged in. Rejects with ConnectError, HostKeyError, AuthError or the signal's reason; then the socket is gone. */
  async run(): Promise<void> {
    const { client, connection, request, signal } = this.#parts;
    const onAbort = (): void => this.#fail(signal.reason);
    const done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const closed = connection.onDidClose((end) => this.#reject(this.#meaning(end)));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      this.#start();
      await done;
      // The connection may still die while a secret is being stored.
      await request.authenticator.succeeded().catch((error: unknown) => {
        this.#log.warn(`Storing a secret failed: ${printable(asError(error).message)}`);
      });
      signal.throwIfAborted();
      if (connection.ended) {
        throw this.#meaning(connection.ended);
      }
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      closed.dispose();
      signal.removeEventListener("abort", onAbort);
      client
        .removeAllListeners("ready")
        .removeAllListeners("handshake")
        .removeAllListeners("change password");
    }
  }

  #start(): void {
    const { client, socket, connection, request, offer } = this.#parts;
    request.onPhase?.("handshake");
    client.on("banner", (text) => this.#logLines("Banner", text));
    client.on("handshake", (negotiated) => this.#onHandshake(negotiated));
    client.on("change password", () =>
      this.#fail(this.#authError("password-expired", "The password has expired")),
    );
    client.on("ready", () => this.#onReady());
    client.connect({
      // The types ask for a Readable only; ssh2 takes any Duplex.
      sock: socket,
      username: request.config.user,
      algorithms: offer as object,
      // Deadlines and heartbeats are ours: ssh2's would count time in prompts, and pings as the only life.
      readyTimeout: 0,
      keepaliveInterval: 0,
      strictVendor: false,
      // Any return value but undefined would be taken for the answer, a promise for yes.
      hostVerifier: (key: Buffer, answer: (trusted: boolean) => void): void => this.#onHostKey(key, answer),
      authHandler: (_methods, _partial, next) => this.#nextAttempt(next as (method: AnyAuthMethod) => void),
    });
    connection.takeOver({
      userauthFailure: (methodsLeft, partialSuccess) => {
        this.#methodsLeft = methodsLeft;
        this.#partialSuccess = partialSuccess;
        if (partialSuccess) {
          this.#passed.push(this.#method);
        } else {
          this.#refusals++;
          // A refused `none` or public key is routine.
          this.#secretRefused ||= this.#method !== "none" && this.#method !== "publickey";
        }
      },
      notice: (name, instructions) => this.#logLines("The server says", `${name}\n${instructions}`),
    });
  }

  #onHandshake(negotiated: NegotiatedAlgorithms): void {
    // Again at each key exchange; only the first is part of the login.
    if (!this.#authenticating) {
      this.#authenticating = true;
      this.#negotiated = negotiated;
      this.#parts.request.onPhase?.("authentication");
    }
  }

  #onHostKey(key: Buffer, answer: (trusted: boolean) => void): void {
    const { request, socket, signal } = this.#parts;
    // Asked again at each key exchange, while data flows: an answer that came later would corrupt the stream.
    if (this.#acceptedKey !== undefined) {
      answer(this.#acceptedKey.equals(key));
      return;
    }
    request.onPhase?.("hostKey");
    const copy = Buffer.from(key);
    const address = socket instanceof Socket ? socket.remoteAddress : undefined;
    request.verifier
      .verify(copy, address, signal)
      .then(() => {
        this.#acceptedKey = copy;
        if (!this.#parts.connection.ended) {
          answer(true);
        }
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** Asks for the next attempt and makes it. ssh2 calls this at the start and after every refusal. */
  #nextAttempt(attempt: (method: AnyAuthMethod) => void): void {
    const { authenticator } = this.#parts.request;
    const partial = this.#partialSuccess;
    this.#partialSuccess = false;
    authenticator
      .next(this.#methodsLeft, partial)
      .then((next) => {
        if (this.#parts.connection.ended) {
          return;
        }
        if (next === undefined) {
          const reason = authenticator.tried().length === 0 ? "nothing-to-try" : "refused";
          this.#fail(this.#authError(reason, "No further way to log in"));
          return;
        }
        this.#method = next.method;
        attempt(this.#toSsh2(next));
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #toSsh2(attempt: AuthAttempt): AnyAuthMethod {
    const username = this.#parts.request.config.user;
    switch (attempt.method) {
      case "none":
        return { type: "none", username };
      case "password":
        return { type: "password", username, password: attempt.password };
      case "publickey":
        return { type: "agent", username, agent: new OneKeyAgent(attempt.key) };
      case "keyboard-interactive":
        return {
          type: "keyboard-interactive",
          username,
          prompt: (name, instructions, _language, prompts, finish) => {
            attempt
              .answer({
                name,
                instructions,
                prompts: prompts.map(({ prompt, echo }) => ({ prompt, echo: echo === true })),
              })
              .then((answers) => {
                if (answers === undefined) {
                  this.#fail(new CancelledError());
                } else if (!this.#parts.connection.ended) {
                  finish([...answers]);
                }
              })
              .catch((error: unknown) => this.#fail(error));
          },
        };
    }
  }

  #onReady(): void {
    const { socket, connection } = this.#parts;
    connection.ready(this.#describe(socket));
    this.#resolve();
  }

  #describe(socket: Duplex): ConnectionInfo {
    const { localAddress, localPort, remoteAddress, remotePort } =
      socket instanceof Socket ? socket : ({} as Partial<Socket>);
    const negotiated = this.#negotiated;
    return {
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== undefined && { localPort }),
      ...(remoteAddress !== undefined && { remoteAddress }),
      ...(remotePort !== undefined && { remotePort }),
      ...(negotiated && {
        algorithms: Object.freeze({
          kex: negotiated.kex,
          hostKey: negotiated.serverHostKey,
          cipher: negotiated.cs.cipher,
          ...(negotiated.cs.mac !== "" && { mac: negotiated.cs.mac }),
        }),
      }),
      serverVersion: this.#parts.connection.greeting.version ?? "",
      authMethod: [...this.#passed, this.#method].join(","),
    };
  }

  /** Ends the attempt: `error` is what the caller hears, whatever the socket does after it. */
  #fail(error: unknown): void {
    this.#reject(error);
    this.#parts.connection.destroy();
  }

  #meaning({ reason, error }: ConnectionEnd): Error {
    const { connection, offer } = this.#parts;
    const { greeting, disconnectMessage } = connection;
    const cause = error === undefined ? undefined : { cause: error };
    if (ConnectError.is(error) && error.reason !== "no-common-algorithm") {
      // The transport (a ProxyCommand) knows better.
      return error;
    }
    if (greeting.offer !== undefined && !this.#authenticating) {
      const mismatch = algorithmMismatch(offer, greeting.offer);
      if (mismatch !== undefined) {
        const offered = printable(mismatch.offered.join(","));
        return new ConnectError(
          "no-common-algorithm",
          `${mismatch.keyword}: nothing that the server has (${offered}) is offered here`,
          { ...cause, mismatch },
        );
      }
    }
    if (disconnectMessage !== undefined) {
      const { code, description } = disconnectMessage;
      const text = `The server disconnected (code ${code}): ${printable(description)}`;
      return this.#refusals > 0 && tooManyCodes.has(code)
        ? this.#authError("too-many-failures", text)
        : new ConnectError("closed-during-handshake", text);
    }
    if (reason === "lost" && error !== undefined) {
      return networkError(error);
    }
    if (greeting.version === undefined && greeting.text.trim() !== "") {
      // sshd (MaxStartups) and tcpwrappers say why in clear before they close.
      const said = printable(greeting.text.trim(), 200);
      return new ConnectError("refused-before-version", `The server closed the connection: ${said}`, {
        ...cause,
        serverText: greeting.text,
      });
    }
    if (greeting.version !== undefined && reason === "protocol") {
      return new ConnectError("protocol", printable(error?.message ?? "Protocol error"), cause);
    }
    if (this.#secretRefused) {
      return this.#authError("too-many-failures", "The server hung up after a refusal");
    }
    return new ConnectError("closed-during-handshake", "The server closed the connection", cause);
  }

  #authError(reason: AuthError["reason"], message: string): AuthError {
    const { authenticator } = this.#parts.request;
    return new AuthError(reason, message, {
      tried: authenticator.tried(),
      problems: authenticator.problems(),
      methodsLeft: (this.#methodsLeft ?? []).map((name) => printable(name)),
    });
  }

  #logLines(what: string, text: string): void {
    for (const line of text.split(/\r?\n/).filter((part) => part.trim() !== "")) {
      this.#log.info(`${what}: ${printable(line)}`);
    }
  }
}
