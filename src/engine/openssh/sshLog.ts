import type { NegotiatedAlgorithms } from "../connectionInfo.ts";

/** How far a login has got, according to the log of `ssh -v`. */
export type LoginStep = "tcp" | "handshake" | "authentication";

/**
 * Parses what `ssh -v` writes during the login. OpenSSH does not translate these texts; they are in sshconnect.c,
 * sshconnect2.c, kex.c and clientloop.c.
 */
export class SshLog {
  readonly #onStep: (step: LoginStep) => void;
  readonly #algorithms: { kex?: string; hostKey?: string; cipher?: string; mac?: string } = {};
  readonly #lines: string[] = [];
  #rest = "";
  #methods: string[] = [];
  /** `OpenSSH_9.2p1 Debian-2`, untrusted. */
  serverVersion = "";
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  /** The methods that can continue, as the server sent them last. Untrusted. */
  methodsLeft: readonly string[] = [];
  /** The login methods that were tried, in order, as text. */
  readonly tried: string[] = [];
  /** What the server sent before its version line. Untrusted. */
  greeting = "";

  /** It is logged in, but could not bind the socket of a master (muxserver_listen in mux.c, unix_listener in misc.c). */
  hasNoSocket = false;

  constructor(onStep: (step: LoginStep) => void) {
    this.#onStep = onStep;
  }

  /** Parses the next piece of the log. */
  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#onLine(line.trimEnd());
    }
  }

  /** Lines other than debug messages, newest last: the reason of the failure. */
  get said(): readonly string[] {
    return this.#lines;
  }

  get authMethod(): string {
    return this.#methods.join(",");
  }

  get algorithms(): NegotiatedAlgorithms | undefined {
    const { kex, hostKey, cipher, mac } = this.#algorithms;
    return kex === undefined || cipher === undefined
      ? undefined
      : { kex, hostKey: hostKey ?? "", cipher, ...(mac !== undefined && { mac }) };
  }

  #onLine(line: string): void {
    const debug = /^debug\d: (.*)$/.exec(line)?.[1];
    if (debug === undefined) {
      this.#onMessage(line);
    } else {
      this.#onDebug(debug);
    }
  }

  #onMessage(line: string): void {
    const [, address, port, method] =
      /^Authenticated to \S+ (?:\(\[([^\]]*)\]:(\d+)\)|\(via proxy\)) using "([^"]+)"/.exec(line) ?? [];
    this.hasNoSocket ||= /^(?:ControlSocket .* already exists, disabling|unix_listener: )/.test(line);
    const partial = /^Authenticated using "([^"]+)" with partial success/.exec(line)?.[1];
    if (method !== undefined) {
      this.#methods.push(method);
      this.remoteAddress = address ?? this.remoteAddress;
      this.remotePort = port === undefined ? this.remotePort : Number(port);
    } else if (partial !== undefined) {
      this.#methods.push(partial);
    } else if (line !== "" && !/^OpenSSH_/.test(line) && this.#lines.length < 200) {
      this.#lines.push(line);
    }
  }

  #onDebug(text: string): void {
    const found = (pattern: RegExp): readonly string[] | undefined => pattern.exec(text)?.slice(1);
    const version = found(/^Remote protocol version \S+, remote software version (.*)$/);
    const kex = found(/^kex: algorithm: (\S+)/);
    const hostKey = found(/^kex: host key algorithm: (\S+)/);
    const cipher = found(/^kex: client->server cipher: (\S+) MAC: (\S+)/);
    const left = found(/^Authentications that can continue: (.*)$/);
    const method = found(/^Next authentication method: (\S+)/);
    const key = found(/^Offering public key: (.*)$/);
    const banner = found(/^kex_exchange_identification: banner line \d+: (.*)$/);
    const reached = found(/^Connecting to \S+ \[([^\]]+)\] port (\d+)/);
    if (version !== undefined) {
      this.serverVersion = version[0] ?? "";
    } else if (kex !== undefined) {
      this.#algorithms.kex = kex[0] ?? "";
    } else if (hostKey !== undefined) {
      this.#algorithms.hostKey = hostKey[0] ?? "";
    } else if (cipher !== undefined) {
      this.#algorithms.cipher = cipher[0] ?? "";
      if (cipher[1] !== "<implicit>") {
        this.#algorithms.mac = cipher[1] ?? "";
      }
    } else if (left !== undefined) {
      this.methodsLeft = (left[0] ?? "").split(",").filter((name) => name !== "");
      this.#onStep("authentication");
    } else if (method !== undefined && method[0] !== "publickey") {
      this.tried.push(method[0] ?? "");
    } else if (key !== undefined) {
      this.tried.push(`publickey ${key[0] ?? ""}`);
    } else if (banner !== undefined) {
      this.greeting = `${this.greeting}${banner[0] ?? ""}\n`.slice(0, 2048);
    } else if (reached !== undefined) {
      this.remoteAddress = reached[0];
      this.remotePort = Number(reached[1]);
      this.#onStep("tcp");
    } else if (/^Connection established/.test(text)) {
      this.#onStep("handshake");
    } else if (/^SSH2_MSG_SERVICE_ACCEPT received/.test(text)) {
      this.#onStep("authentication");
    }
  }
}
