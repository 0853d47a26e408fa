import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { makeEmbeddedKey } from "./embeddedKey.ts";
import { serveSession } from "./embeddedSession.ts";
import { type SshConfigEntry, sshConfigBlock } from "./sshdConfig.ts";
import { type Watchdog, watchdog } from "./watchdog.ts";

export interface EmbeddedHostOptions {
  /** Set in every session, besides HOME, PATH and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Like some devices, never replies to global requests, and so to no keepalive request. */
  readonly muteToProbes?: boolean;
}

/** Starts an SSH server inside this process, for machines without sshd. */
export async function startEmbeddedHost(options: EmbeddedHostOptions = {}): Promise<EmbeddedHost> {
  const host = new EmbeddedHost(await mkdtemp(join(tmpdir(), "ssh-sessions-lab-")));
  await host.start(options);
  return host;
}

/**
 * A small SSH server on 127.0.0.1 with real shells on real ptys, running as the current user. Only `keyFile` logs in.
 * It has sessions, no subsystems and no forwarding. It ends with `stop()` or with this process.
 */
export class EmbeddedHost implements SshConfigEntry {
  readonly host = "127.0.0.1";
  readonly user = userInfo().username;
  readonly folder: string;
  /** HOME and working folder of the sessions, empty at first. */
  readonly home: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly #mark = `ssh-sessions-lab-${randomBytes(8).toString("hex")}`;
  readonly #sockets = new Set<Socket>();
  #listener: NetServer | undefined;
  #guard: Watchdog | undefined;
  #port = 0;
  #logins = 0;
  #sessions = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, "home");
    this.keyFile = join(folder, "user_key");
    this.knownHostsFile = join(folder, "known_hosts");
  }

  get port(): number {
    return this.#port;
  }

  /** How many logins succeeded. */
  logins(): number {
    return this.#logins;
  }

  /** How many shells and commands were started. */
  sessions(): number {
    return this.#sessions;
  }

  async start(options: EmbeddedHostOptions): Promise<void> {
    if (process.platform !== "win32") {
      this.#guard = watchdog("watchdog.sh", ["-", this.#mark, this.folder]);
    }
    const hostKey = makeEmbeddedKey();
    const userKey = makeEmbeddedKey();
    await mkdir(this.home, { mode: 0o700 });
    await writeFile(this.keyFile, userKey.private, { mode: 0o600 });
    await writeFile(`${this.keyFile}.pub`, `${userKey.public}\n`);
    const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) =>
      this.#serve(client, userKey.public, options),
    );
    // A separate listener, because the library's leaves Nagle's algorithm on.
    const listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      server.injectSocket(socket);
    });
    listener.listen(0, this.host);
    await once(listener, "listening");
    this.#listener = listener;
    const address = listener.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
    await writeFile(this.knownHostsFile, `[${this.host}]:${this.#port} ${hostKey.public}\n`);
  }

  /** One `Host` block. `extra`: ssh_config lines that override the lab's. */
  sshConfigText(alias: string, extra: readonly string[] = []): string {
    return sshConfigBlock(alias, this, extra);
  }

  /** Ends everything and removes the folder. Idempotent. */
  async stop(): Promise<void> {
    this.#listener?.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await this.#guard?.release();
    await rm(this.folder, { recursive: true, force: true });
  }

  #environment(options: EmbeddedHostOptions): Record<string, string> {
    const inherited = ["PATH", "SYSTEMROOT", "COMSPEC", "TEMP", "TMP", "LANG"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      ...Object.fromEntries(inherited),
      HOME: this.home,
      USER: this.user,
      LOGNAME: this.user,
      SHELL: shell,
      SSH_SESSIONS_LAB: this.#mark,
      ...options.env,
    };
  }

  #serve(client: ssh2.Connection, publicLine: string, options: EmbeddedHostOptions): void {
    const env = this.#environment(options);
    const allowed = ssh2.utils.parseKey(publicLine);
    if (allowed instanceof Error) {
      throw allowed;
    }
    client.on("authentication", (context) => {
      const known =
        context.method === "publickey" &&
        context.username === this.user &&
        context.key.data.equals(allowed.getPublicSSH());
      if (!known) {
        context.reject(["publickey"]);
        return;
      }
      // A request without a signature only queries the key (RFC 4252 section 7).
      if (context.signature !== undefined && context.blob !== undefined) {
        if (allowed.verify(context.blob, context.signature, context.hashAlgo) !== true) {
          context.reject(["publickey"]);
          return;
        }
        this.#logins++;
      }
      context.accept();
    });
    client.on("ready", () => {
      if (options.muteToProbes) {
        muteToProbes(client);
      }
      client.on("session", (accept) =>
        serveSession(accept(), {
          shell,
          env,
          home: this.home,
          onStart: () => {
            this.#sessions++;
          },
        }),
      );
    });
    // A client that disconnects without SSH_MSG_DISCONNECT.
    client.on("error", () => {});
  }
}

/** The library always replies, in a private method. */
function muteToProbes(client: ssh2.Connection): void {
  const { _protocol } = client as unknown as { _protocol: { requestFailure(): void } };
  _protocol.requestFailure = () => {};
}

const { COMSPEC: windowsShell = "cmd.exe", SHELL: loginShell = "/bin/sh" } = process.env;
const shell = process.platform === "win32" ? windowsShell : loginShell;
