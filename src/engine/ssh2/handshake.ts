import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client, NegotiatedAlgorithms } from "ssh2";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import { printable } from "../../base/log.ts";
import type { ConnectionEnd, ConnectRequest } from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ConnectError } from "../engineErrors.ts";
import { networkError } from "../transport/networkErrors.ts";
import { nothingIsKeptOf } from "../transport/reusedReads.ts";
import { ServerTalk } from "../transport/serverTalk.ts";
import { algorithmMismatch } from "./algorithmMismatch.ts";
import type { AlgorithmOffer } from "./algorithms.ts";
import { SilenceWatch } from "./login/silenceWatch.ts";
import { UserAuth } from "./login/userAuth.ts";
import type { Ssh2Connection } from "./ssh2Connection.ts";

interface Parts {
  readonly client: Client;
  readonly socket: Duplex;
  readonly connection: Ssh2Connection;
  readonly request: ConnectRequest;
  readonly offer: AlgorithmOffer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** At these levels `ssh` does not show a banner either (input_userauth_banner in sshconnect2.c). */
const levelsWithoutBanner: ReadonlySet<string> = new Set(["QUIET", "FATAL", "ERROR"]);

/**
 * DISCONNECT codes (RFC 4253 section 11.1) for a server that can't serve now, whatever was tried before:
 * SERVICE_NOT_AVAILABLE, CONNECTION_LOST, TOO_MANY_CONNECTIONS.
 */
const passingDisconnects: ReadonlySet<number> = new Set([7, 10, 12]);

/** Takes a connected socket to a login: host key, authentication, and the meaning of their failures. For one use. */
export class Handshake {
  readonly #parts: Parts;
  readonly #log: ConnectRequest["logger"];
  #authenticating = false;
  #negotiated: NegotiatedAlgorithms | undefined;
  #acceptedKey: Buffer | undefined;
  readonly #talk: ServerTalk;
  #auth: UserAuth | undefined;
  #silence: Disposable | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#log = parts.request.logger;
    this.#talk = new ServerTalk(this.#log, (words) => parts.request.onServerWords?.(words));
  }

  /**
   * Resolves when logged in. Rejects with ConnectError, HostKeyError, AuthError or the signal's reason; the socket is
   * then destroyed.
   */
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
      // The connection may still end while a secret is being stored.
      await request.authenticator.succeeded().catch((error: unknown) => {
        this.#log.warn(`Storing a secret failed: ${printable(asError(error).message)}`);
      });
      signal.throwIfAborted();
      if (connection.ended) {
        throw this.#meaning(connection.ended);
      }
    } catch (error) {
      this.#auth?.end();
      request.authenticator.failed();
      connection.destroy();
      throw error;
    } finally {
      this.#silence?.dispose();
      closed.dispose();
      signal.removeEventListener("abort", onAbort);
      client.removeAllListeners("handshake").removeAllListeners("banner");
    }
  }

  #start(): void {
    const { client, socket, connection, request, offer } = this.#parts;
    request.onPhase?.("handshake");
    client.on("banner", (text) => {
      if (!levelsWithoutBanner.has(request.config.logLevel)) {
        this.#talk.say("banner", text);
      }
    });
    client.on("handshake", (negotiated) => this.#onHandshake(negotiated));
    client.connect({
      // The type asks for a Readable; ssh2 accepts any Duplex.
      sock: socket,
      username: request.config.user,
      algorithms: offer as object,
      // We have our own deadlines and keepalive: ssh2's would count time in prompts, and only pings as life.
      readyTimeout: 0,
      keepaliveInterval: 0,
      strictVendor: false,
      // ssh2 takes any return value but undefined for the answer, and a promise for yes.
      hostVerifier: (key: Buffer, answer: (trusted: boolean) => void): void => this.#onHostKey(key, answer),
    });
    const wire = connection.takeOver((payload) => auth.receive(payload));
    const auth = new UserAuth({
      user: request.config.user,
      authenticator: request.authenticator,
      talk: this.#talk,
      logger: this.#log,
      sessionId: wire.sessionId,
      binding: wire.binding,
      send: wire.send,
      onWait: (wait) => request.onWait?.(wait),
      onSuccess: () => {
        connection.ready(this.#describe(socket));
        // From here on all data is encrypted, and decrypting copies it.
        nothingIsKeptOf(socket);
        this.#resolve();
      },
      onFailure: (error) => {
        this.#reject(error);
        // The login may have ended long before.
        connection.loginViolated(asError(error));
      },
    });
    this.#auth = auth;
  }

  #onHandshake(negotiated: NegotiatedAlgorithms): void {
    // This comes at each key exchange; only the first is part of the login.
    if (!this.#authenticating) {
      this.#authenticating = true;
      this.#noteWeakExchange(negotiated.kex);
      this.#negotiated = negotiated;
      const { request, clock, connection } = this.#parts;
      request.onPhase?.("authentication");
      request.onWait?.({ on: "server", judging: "request" });
      if (request.silenceLimit !== undefined) {
        this.#silence = new SilenceWatch({
          clock,
          limit: request.silenceLimit,
          lastReceived: () => connection.lastReceived,
          isWaiting: () => this.#auth?.isWaitingForServer ?? false,
          onSilent: () =>
            this.#fail(new ConnectError("timed-out", "The server did not answer during the login")),
        });
      }
    }
  }

  /** OpenSSH 10.1 warns about it (WarnWeakCrypto). Here it is in the log, in the hover and in `~I`. */
  #noteWeakExchange(kex: string): void {
    const { config } = this.#parts.request;
    if (!/^(?:mlkem|sntrup)/.test(kex) && !/^no/.test(config.values.get("warnweakcrypto")?.[0] ?? "yes")) {
      this.#log.info(`The key exchange ${kex} is not post-quantum: what is recorded today may be read later`);
    }
  }

  #onHostKey(key: Buffer, answer: (trusted: boolean) => void): void {
    const { request, socket, signal } = this.#parts;
    // This is asked again at each key exchange, while data flows: a later answer would corrupt the stream.
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
      authMethod: this.#auth?.authMethod ?? "",
    };
  }

  /** Ends the attempt: the caller gets `error`, whatever the socket does afterwards. */
  #fail(error: unknown): void {
    this.#reject(error);
    this.#parts.connection.destroy();
  }

  #meaning({ reason, error }: ConnectionEnd): Error {
    const { connection, offer } = this.#parts;
    const { greeting, disconnectMessage } = connection;
    const cause = error === undefined ? undefined : { cause: error };
    if (ConnectError.is(error) && error.reason !== "no-common-algorithm") {
      // The transport (a ProxyCommand) has a better explanation.
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
    const auth = this.#auth;
    if (disconnectMessage !== undefined) {
      const { code, description } = disconnectMessage;
      this.#talk.say("disconnect", description);
      const text = `The server disconnected (code ${code}): ${printable(description)}`;
      return auth !== undefined && (auth.refusals > 0 || auth.isJudging) && !passingDisconnects.has(code)
        ? auth.error("too-many-failures", text, printable(description))
        : new ConnectError("closed-during-handshake", text, { serverText: description });
    }
    if (reason === "lost" && error !== undefined) {
      return networkError(error);
    }
    if (greeting.version === undefined && greeting.text.trim() !== "") {
      // sshd (MaxStartups) and tcpwrappers send a reason as plain text before they close.
      const said = printable(greeting.text.trim(), 200);
      return new ConnectError("refused-before-version", `The server closed the connection: ${said}`, {
        ...cause,
        serverText: greeting.text,
      });
    }
    if (greeting.version !== undefined && reason === "protocol") {
      return new ConnectError("protocol", printable(error?.message ?? "Protocol error"), cause);
    }
    if (auth?.secretRefused) {
      // Dropbear disconnects like this after the last try. If only keys or the routine `none` were refused, the
      // server has left.
      return auth.error("too-many-failures", "The server hung up after a refusal");
    }
    return new ConnectError("closed-during-handshake", "The server closed the connection", cause);
  }
}
