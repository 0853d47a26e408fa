import type { ExecOptions, ExecResult, OpenTerminalOptions, SshSessionsApi } from "../api.ts";
import type { HostEntry, HostResolver } from "../config/configPorts.ts";
import { ChannelError } from "../engine/engineErrors.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import { execute } from "../session/run/execute.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../session/sessionTypes.ts";
import type { TerminalRegistry } from "./terminals/terminalRegistry.ts";

/** What `activate()` returns, over the session service. Owns nothing. */
export class SessionsApi implements SshSessionsApi {
  readonly version = 1;
  readonly #service: SessionService;
  readonly #resolver: HostResolver;
  readonly #terminals: TerminalRegistry;
  readonly onDidChange: SshSessionsApi["onDidChange"];

  constructor(service: SessionService, resolver: HostResolver, terminals: TerminalRegistry) {
    this.#service = service;
    this.#resolver = resolver;
    this.#terminals = terminals;
    this.onDidChange = (listener) => service.onDidChange(() => listener());
  }

  async hosts(): Promise<readonly HostEntry[]> {
    return (await this.#resolver.hosts()).hosts;
  }

  masters(): readonly MasterSnapshot[] {
    return this.#service.masters();
  }

  async connect(host: string): Promise<MasterSnapshot> {
    const id = await this.#service.connect(host);
    const master = this.#service.masters().find((each) => each.id === id);
    if (master === undefined) {
      // With a linger of 0 it leaves as soon as it is there.
      throw new ChannelError("connection-ended", "The connection was not kept: its linger time is 0");
    }
    return master;
  }

  openTerminal(host: string, options: OpenTerminalOptions = {}): Promise<SessionSnapshot> {
    return this.#terminals.open(host, { ...options, presentFailure: false });
  }

  async exec(host: string, command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const { outcome, stdout, stderr, truncated } = await execute(this.#service, host, command, {
      ...options,
      purpose: "extension",
    });
    switch (outcome.kind) {
      case "failed":
        throw outcome.error;
      case "lost":
        throw new ChannelError("connection-ended", `The connection ended (${outcome.reason})`);
      case "exited":
      case "signalled":
      case "disconnected":
      case "killed":
      case "limit":
        return Object.freeze({
          exitCode: outcome.kind === "exited" ? outcome.code : undefined,
          signal: outcome.kind === "signalled" ? outcome.signal : undefined,
          stdout: stdout.toString("utf8"),
          stderr: stderr.toString("utf8"),
          truncated,
          timedOut: outcome.kind === "limit" && outcome.limit === "time",
        });
    }
  }

  disconnect(id: string): Promise<void> {
    return this.#service.disconnect(id);
  }

  kill(id: string): void {
    this.#service.kill(id);
  }
}
