import type { CallerOptions, ExecOptions, ExecResult, OpenTerminalOptions, SshSessionsApi } from "../api.ts";
import { raceSignal } from "../base/deadline.ts";
import { DisposableStore } from "../base/disposable.ts";
import type { HostEntry, HostResolver } from "../config/configPorts.ts";
import { formatForward, parseForward } from "../config/forwardSpec.ts";
import { ChannelError } from "../engine/engineErrors.ts";
import type { ForwardService } from "../forward/forwardService.ts";
import type { ForwardSnapshot } from "../forward/forwardTypes.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import { execute } from "../session/run/execute.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../session/sessionTypes.ts";
import { callerName, plainExecOptions, plainTerminalOptions, plainText } from "./apiArguments.ts";
import { hostOfId } from "./commands/hostOfId.ts";
import type { ExtensionAccess } from "./prompts/extensionAccess.ts";
import type { TerminalRegistry } from "./terminals/terminalRegistry.ts";

/**
 * The object that `activate()` returns, on top of the session service. It owns nothing. Every method that acts on a
 * host asks for the user's consent first. Arguments are read once, before the question, so that the action is the one
 * that was asked about.
 */
export class SessionsApi implements SshSessionsApi {
  readonly version = 1;
  readonly #service: SessionService;
  readonly #resolver: HostResolver;
  readonly #terminals: TerminalRegistry;
  readonly #forwards: ForwardService;
  readonly #access: Pick<ExtensionAccess, "require">;
  readonly onDidChange: SshSessionsApi["onDidChange"];

  constructor(
    service: SessionService,
    forwards: ForwardService,
    resolver: HostResolver,
    terminals: TerminalRegistry,
    access: Pick<ExtensionAccess, "require">,
  ) {
    this.#access = access;
    this.#service = service;
    this.#forwards = forwards;
    this.#resolver = resolver;
    this.#terminals = terminals;
    this.onDidChange = (listener) => {
      const store = new DisposableStore();
      for (const source of [service, forwards]) {
        store.add(source.onDidChange(() => listener()));
      }
      return store;
    };
  }

  async hosts(): Promise<readonly HostEntry[]> {
    return (await this.#resolver.hosts()).hosts;
  }

  masters(): readonly MasterSnapshot[] {
    return this.#service.masters();
  }

  async connect(given: string, { caller }: CallerOptions = {}): Promise<MasterSnapshot> {
    const [host, claim] = [plainText(given), callerName(caller)];
    await this.#access.require(host, { purpose: "connect", claim });
    const id = await this.#service.connect(host);
    const master = this.#service.masters().find((each) => each.id === id);
    if (master === undefined) {
      // With a linger of 0 it closes as soon as it is up.
      throw new ChannelError("connection-ended", "The connection was not kept: its linger time is 0");
    }
    return master;
  }

  async openTerminal(given: string, options: OpenTerminalOptions = {}): Promise<SessionSnapshot> {
    const [host, claim] = [plainText(given), callerName(options.caller)];
    const plain = plainTerminalOptions(options);
    await this.#access.require(host, { purpose: "terminal", what: plain.command, claim });
    return await this.#terminals.open(host, { ...plain, presentFailure: false });
  }

  async exec(given: string, givenCommand: string, options: ExecOptions = {}): Promise<ExecResult> {
    const [host, command, claim] = [plainText(given), plainText(givenCommand), callerName(options.caller)];
    const plain = plainExecOptions(options);
    const { signal } = plain;
    const consent = this.#access.require(host, { purpose: "run", what: command, claim });
    await (signal === undefined ? consent : raceSignal(consent, signal));
    const execution = await execute(this.#service, host, command, { ...plain, purpose: "extension" });
    const { outcome, stdout, stderr, truncated } = execution;
    switch (outcome.kind) {
      case "failed":
        throw outcome.error;
      case "lost":
        throw new ChannelError("connection-ended", `The connection ended (${outcome.reason})`);
      case "exited":
      case "signalled":
      case "moved":
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

  async disconnect(given: string, { caller }: CallerOptions = {}): Promise<void> {
    const id = plainText(given);
    if (await this.#mayEnd(id, caller)) {
      await this.#service.disconnect(id);
    }
  }

  async kill(given: string, { caller }: CallerOptions = {}): Promise<void> {
    const id = plainText(given);
    if (await this.#mayEnd(id, caller)) {
      this.#service.kill(id);
    }
  }

  forwards(): readonly ForwardSnapshot[] {
    return this.#forwards.forwards();
  }

  async forward(given: string, givenSpec: string, { caller }: CallerOptions = {}): Promise<ForwardSnapshot> {
    const [host, claim] = [plainText(given), callerName(caller)];
    const spec = parseForward(plainText(givenSpec));
    await this.#access.require(host, { purpose: "forward", what: formatForward(spec), claim });
    const origin = { kind: "extension", ...(claim !== undefined && { claim }) } as const;
    return await this.#forwards.start({ host, spec, origin });
  }

  async stop(given: string, { caller }: CallerOptions = {}): Promise<void> {
    const id = plainText(given);
    const forward = this.#forwards.forward(id);
    if (forward !== undefined) {
      await this.#access.require(forward.host, { purpose: "end", claim: callerName(caller) });
      this.#forwards.stop(id);
    }
  }

  /** False: no object has this id. */
  async #mayEnd(id: string, caller: string | undefined): Promise<boolean> {
    const host = hostOfId(id, this.#service.masters());
    if (host !== undefined) {
      await this.#access.require(host, { purpose: "end", claim: callerName(caller) });
    }
    return host !== undefined;
  }
}
