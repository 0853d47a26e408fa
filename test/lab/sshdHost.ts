import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./freePort.ts";
import { type KeyKind, type KeyPair, makeKey } from "./keys.ts";
import { labUser } from "./labUser.ts";
import { descendants, type LabProcess, peerPorts, signalAll } from "./processTree.ts";
import { type SshConfigEntry, type SshdOptions, sshConfigBlock, sshdConfigText } from "./sshdConfig.ts";
import { type RunningSshd, readLog, requireSshd, runSshd, type SshdProgram } from "./sshdServer.ts";
import { until } from "./until.ts";

export interface SshdHostOptions {
  /** The login: the user who runs the tests (default), or a temporary one created for the lab (root only). */
  readonly user?: "self" | "throwaway" | { readonly throwaway: string };
  /** sshd_config lines, instead of the lab's own. */
  readonly sshd?: SshdOptions;
  /** Text at the end of sshd_config, for `Match` blocks. */
  readonly sshdTail?: string;
  /** Default: one ed25519 key. */
  readonly hostKeys?: readonly KeyKind[];
  /** Type of the login's own key. Default ed25519. */
  readonly userKey?: KeyKind;
  /** Set by the server in every session, besides HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 127.0.0.1. Other addresses only inside a network namespace. */
  readonly address?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** A command that runs sshd elsewhere in the same process: `["ip", "netns", "exec", NAME]`. */
  readonly wrap?: readonly string[];
  /** Another sshd than the machine's. */
  readonly program?: SshdProgram;
}

/** One current login. */
export interface SshdConnection {
  /** The client's port. */
  readonly peerPort: number;
  /** sshd's own processes for this login (not the programs of its sessions), oldest first. */
  readonly servers: readonly LabProcess[];
  /** All processes, including shells and their children. */
  readonly all: readonly LabProcess[];
}

/** Starts a real sshd with its own keys. It ends with `stop()`, or when this process dies for any reason. */
export async function startSshd(options: SshdHostOptions = {}): Promise<SshdHost> {
  requireSshd();
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-lab-"));
  try {
    const host = await SshdHost.prepare(folder, options);
    await host.up();
    return host;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * A temporary OpenSSH server. Logins need no password: `keyFile` is authorised, the host key is in `knownHostsFile`.
 */
export class SshdHost {
  readonly host: string;
  readonly user: string;
  /** Of a temporary login (for PasswordAuthentication, which is off by default); otherwise undefined. */
  readonly password: string | undefined;
  /** All files of this host; `stop` removes them. */
  readonly folder: string;
  /**
   * HOME of the sessions: empty at first, so that no .bashrc interferes. (The working folder is the login's real home
   * folder.)
   */
  readonly home: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly authorizedKeysFile: string;
  readonly logFile: string;
  readonly #options: SshdHostOptions;
  readonly #mark = `ssh-sessions-lab-${randomBytes(8).toString("hex")}`;
  #hostKeys: readonly KeyPair[] = [];
  #port: number;
  #running: RunningSshd | undefined;

  private constructor(
    folder: string,
    options: SshdHostOptions,
    login: { user: string; password: string | undefined },
  ) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.host = options.address ?? "127.0.0.1";
    this.user = login.user;
    this.password = login.password;
    this.folder = folder;
    this.home = join(folder, "home");
    this.keyFile = join(folder, "user_key");
    this.knownHostsFile = join(folder, "known_hosts");
    this.authorizedKeysFile = join(folder, "authorized_keys");
    this.logFile = join(folder, "log");
  }

  /** Creates keys and home folder; starts nothing yet. */
  static async prepare(folder: string, options: SshdHostOptions): Promise<SshdHost> {
    // Another login must be able to reach its home folder and authorized_keys; private files have their own modes.
    await chmod(folder, 0o755);
    const wanted = options.user ?? "self";
    const made =
      wanted === "self" ? undefined : await labUser(wanted === "throwaway" ? undefined : wanted.throwaway);
    const host = new SshdHost(folder, options, {
      user: made?.name ?? userInfo().username,
      password: made?.password,
    });
    await mkdir(host.home, { mode: 0o700 });
    if (made !== undefined) {
      await chown(host.home, made.uid, made.gid);
    }
    const userKey = await makeKey(host.keyFile, { kind: options.userKey ?? "ed25519" });
    await writeFile(host.authorizedKeysFile, `${userKey.publicLine}\n`);
    await host.#makeHostKeys();
    return host;
  }

  /** Known after the first `up`, and then constant. */
  get port(): number {
    return this.#port;
  }

  /** The listener's process id; undefined while down. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Public lines of the host keys, as in `known_hosts` after the name. */
  get hostKeyLines(): readonly string[] {
    return this.#hostKeys.map((key) => key.publicLine);
  }

  /** Starts the server (again) on the same port, with additional sshd_config lines. */
  async up(more: SshdOptions = {}): Promise<void> {
    const first = !existsSync(this.knownHostsFile);
    const mayChoose = this.#port === 0;
    for (let attempt = 0; this.#running === undefined; attempt++) {
      this.#port = mayChoose ? await freePort() : this.#port;
      await this.#writeConfig(more);
      if (first) {
        await this.#writeKnownHosts();
      }
      this.#running = await runSshd({
        folder: this.folder,
        configFile: join(this.folder, "sshd_config"),
        logFile: this.logFile,
        mark: this.#mark,
        wrap: this.#options.wrap ?? [],
        program: this.#options.program ?? requireSshd(),
      });
      if (this.#running === undefined && (!mayChoose || attempt === 9)) {
        throw new Error(`port ${this.#port} is in use`);
      }
    }
  }

  /** As if the machine had crashed: every process of the server and its sessions is killed. `up` restarts it. */
  async down(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.end(true);
  }

  /** Ends everything and removes the folder. Idempotent. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.end(false);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** New sshd_config lines for new connections; open ones stay (SIGHUP). */
  async reconfigure(more: SshdOptions): Promise<void> {
    await this.#writeConfig(more);
    const before = this.#count(/^Server listening on/gm);
    signalAll(this.#own(), "SIGHUP");
    await this.#waitForLog(() => this.#count(/^Server listening on/gm) > before);
  }

  /** New host keys for new connections. `knownHostsFile` still has the old ones. */
  async changeHostKeys(): Promise<void> {
    await this.#makeHostKeys();
    await this.reconfigure({});
  }

  /** Authorises another key. */
  async authorize(publicLine: string): Promise<void> {
    await writeFile(this.authorizedKeysFile, `${publicLine}\n`, { flag: "a" });
  }

  /** The server's log so far (LogLevel VERBOSE). */
  log(): string {
    return readLog(this.logFile);
  }

  /**
   * The number of successful logins. The line may appear a moment after the client's success: see `waitForLogins`.
   */
  logins(): number {
    // Not `Accepted key …`, which only means that the key is in authorized_keys.
    return this.#count(/^Accepted \S+ for /gm);
  }

  /** The number of started shells, commands and subsystems. */
  sessions(): number {
    return this.#count(/^Starting session: /gm);
  }

  /** The number of incoming TCP connections. */
  contacts(): number {
    return this.#count(/^Connection from /gm);
  }

  /** Resolves when `logins()` is at least `count`; rejects as `until` does. */
  waitForLogins(count: number): Promise<void> {
    return this.#waitForLog(() => this.logins() >= count);
  }

  /** Resolves when `sessions()` is at least `count`; rejects as `until` does. */
  waitForSessions(count: number): Promise<void> {
    return this.#waitForLog(() => this.sessions() >= count);
  }

  /** Resolves when the log matches; rejects as `until` does. */
  waitForLog(pattern: RegExp): Promise<void> {
    return this.#waitForLog(() => pattern.test(this.log()));
  }

  /** The current logins by the client's port. Linux only. */
  connections(): SshdConnection[] {
    const tree = this.#tree();
    return tree
      .filter((process) => process.parent === this.pid)
      .flatMap((process) => {
        const all = descendants(process.pid, tree);
        const peerPort = peerPorts(process.pid, this.port)[0];
        return peerPort === undefined ? [] : [{ peerPort, servers: all.filter(isSshd), all }];
      });
  }

  /** The login from that client port. */
  connection(peerPort: number): SshdConnection {
    const found = this.connections().find((connection) => connection.peerPort === peerPort);
    if (found === undefined) {
      throw new Error(`no login from port ${peerPort}`);
    }
    return found;
  }

  /** SIGSTOP: a silent peer whose sockets stay open. The listener and every login, or only one login. */
  freeze(connection?: SshdConnection): void {
    signalAll(connection?.servers ?? this.#tree().filter(isSshd), "SIGSTOP");
  }

  /** SIGCONT, after `freeze`. */
  thaw(connection?: SshdConnection): void {
    signalAll(connection?.servers ?? this.#tree().filter(isSshd), "SIGCONT");
  }

  /** SIGKILL for one login's sshd processes: the client sees the socket close. */
  kill(connection: SshdConnection): void {
    signalAll(connection.servers, "SIGKILL");
  }

  /** How to log in through a proxy that forwards to this host. */
  via(proxy: { readonly host: string; readonly port: number }): SshConfigEntry {
    const { user, keyFile, knownHostsFile } = this;
    return { host: proxy.host, port: proxy.port, user, keyFile, knownHostsFile, hostKeyAlias: this.#knownAs };
  }

  /** One `Host` block. `extra`: ssh_config lines that override the lab's. */
  sshConfigText(alias: string, extra: readonly string[] = []): string {
    return sshConfigBlock(alias, this, extra);
  }

  /** Writes an ssh_config with one block per alias to `folder` and returns its path. */
  async writeSshConfig(
    folder: string,
    aliases: readonly string[],
    extra: readonly string[] = [],
  ): Promise<string> {
    const file = join(folder, "ssh_config");
    await writeFile(file, aliases.map((alias) => this.sshConfigText(alias, extra)).join("\n"));
    return file;
  }

  async #makeHostKeys(): Promise<void> {
    const generation = randomBytes(4).toString("hex");
    const kinds = this.#options.hostKeys ?? ["ed25519"];
    this.#hostKeys = await Promise.all(
      kinds.map((kind) => makeKey(join(this.folder, `host_key_${kind}_${generation}`), { kind })),
    );
  }

  #tree(): LabProcess[] {
    return this.pid === undefined ? [] : descendants(this.pid);
  }

  #own(): { pid: number }[] {
    return this.pid === undefined ? [] : [{ pid: this.pid }];
  }

  #count(pattern: RegExp): number {
    return this.log().match(pattern)?.length ?? 0;
  }

  async #waitForLog(reached: () => boolean): Promise<void> {
    await until(reached, "what the server's log should say").catch((cause: unknown) => {
      throw new Error(`timeout; the server's log:\n${this.log()}`, { cause });
    });
  }

  get #knownAs(): string {
    return this.#port === 22 ? this.host : `[${this.host}]:${this.#port}`;
  }

  async #writeKnownHosts(): Promise<void> {
    const lines = this.#hostKeys.map((key) => `${this.#knownAs} ${key.publicLine}\n`);
    await writeFile(this.knownHostsFile, lines.join(""));
  }

  async #writeConfig(more: SshdOptions): Promise<void> {
    const environment = Object.entries({
      HOME: this.home,
      SSH_SESSIONS_LAB: this.#mark,
      ...this.#options.env,
    }).map(([name, value]) => `"${name}=${value}"`);
    const { major, minor } = this.#options.program ?? requireSshd();
    const penalises = major > 9 || (major === 9 && minor >= 8);
    const defaults: SshdOptions = {
      ListenAddress: `${this.host}:${this.#port}`,
      HostKey: this.#hostKeys.map((key) => key.file),
      AuthorizedKeysFile: this.authorizedKeysFile,
      PidFile: "none",
      StrictModes: "no",
      UsePAM: "no",
      PasswordAuthentication: "no",
      KbdInteractiveAuthentication: "no",
      PermitRootLogin: "yes",
      UseDNS: "no",
      PrintMotd: "no",
      PrintLastLog: "no",
      AcceptEnv: ["LANG", "LC_*", "COLORTERM", "LAB_*"],
      SetEnv: environment.join(" "),
      MaxStartups: 500,
      MaxSessions: 500,
      LoginGraceTime: 60,
      LogLevel: "VERBOSE",
      Subsystem: "sftp internal-sftp",
      PerSourcePenalties: penalises ? "no" : undefined,
    };
    const text = sshdConfigText(defaults, { ...this.#options.sshd, ...more }, this.#options.sshdTail ?? "");
    await writeFile(join(this.folder, "sshd_config"), text);
  }
}

/** `sshd` itself, and the `sshd-session` and `sshd-auth` of OpenSSH 9.8 and later; on macOS `sshd-sess…`. */
function isSshd(process: LabProcess): boolean {
  return process.name.startsWith("sshd");
}
