import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import type { ListenAddress } from "../config/forwardSpec.ts";
import type { RemoteListener } from "../engine/connectionEngine.ts";
import { ChannelError, ForwardError } from "../engine/engineErrors.ts";
import type { Master } from "../master/master.ts";
import { ConnectionLink } from "../reconnect/connectionLink.ts";
import type { LoginMode } from "../reconnect/reconnectTypes.ts";
import { ClientMaster } from "./clientMaster.ts";
import { ConnectionTable } from "./connectionTable.ts";
import { DemandedLogin } from "./demandedLogin.ts";
import type { DescriptorShare } from "./descriptorBudget.ts";
import { addressesThere, idleLimitOf, listenAtKnownPort, serverAddress } from "./forwardAddresses.ts";
import type { ForwardInit } from "./forwardInit.ts";
import { ForwardOrigins } from "./forwardOrigins.ts";
import type { ForwardOrigin, ForwardSnapshot, ForwardState } from "./forwardTypes.ts";
import { LocalClients } from "./localClients.ts";
import { LocalListener } from "./localListener.ts";
import { OpenSockets } from "./openSockets.ts";
import { PortRetry } from "./portRetry.ts";
import { isPortTaken, isSameRefusal, refusal } from "./refusal.ts";
import { remoteHandler } from "./remoteSide.ts";
import { SharedClaim } from "./sharedClaim.ts";

/** How long a client waits for a lost connection, and the limit for its SOCKS request, in milliseconds. */
const holdFor = 30_000;

/** A connection that did not respond is asked again to listen after this time, in milliseconds. */
const askAgainAfter = 5_000;

/** One forward: its listener, here or on the server, and the connections through it. It can be started again. */
export class Forward implements Disposable {
  /** Resolves when its last start has a result. */
  started = Promise.resolve();
  readonly #init: ForwardInit;
  readonly #table: ConnectionTable;
  readonly #link: ConnectionLink;
  readonly #login: DemandedLogin;
  readonly #sockets = new OpenSockets();
  readonly #share: DescriptorShare;
  readonly #stateChanged = new Emitter<void>();
  readonly #origins: ForwardOrigins;
  readonly #claim: SharedClaim;
  readonly #retry: PortRetry;
  #onDemand: boolean;
  #state: ForwardState;
  #since: number;
  #run = new AbortController();
  #local: LocalListener | undefined;
  /** Resolves when the ports of earlier runs are free. */
  #closed: Promise<unknown> = Promise.resolve();
  #remote: RemoteListener | undefined;
  /** The port assigned for port 0, which is requested again after a restart and a reconnect. */
  #port: number | undefined;
  /** The next request to listen, to a connection that did not respond. */
  #next: Disposable | undefined;

  constructor(init: ForwardInit) {
    this.#init = init;
    this.#origins = new ForwardOrigins(init.origin);
    this.#onDemand = init.onDemand;
    this.#since = init.clock.now();
    this.#state = { kind: "starting", since: this.#since };
    this.#share = init.budget.share();
    this.#claim = new SharedClaim(init.claim);
    this.#retry = new PortRetry(init);
    this.#table = new ConnectionTable(init.clock, () => init.onChange());
    this.#link = new ConnectionLink({
      registry: init.registry,
      use: init.use,
      automatic: init.rules.automatic,
      keeps: init.rules.keepsConnection,
      reconnect: (lost, holder) => init.reconnect(lost, holder),
      onUp: (master) => this.#onUp(master),
      onDown: (how) => this.#onDown(how),
    });
    this.#login = new DemandedLogin(this.#link, () => init.mayLogIn(this.snapshot()));
  }

  get id(): string {
    return this.#init.id;
  }

  get state(): ForwardState {
    return this.#state;
  }

  /** Here, or in another window. */
  get isRunning(): boolean {
    const state = this.#state;
    return state.kind === "stopped" ? state.servedBy?.isWindow === true : state.kind !== "refused";
  }

  /** Another origin shares it. @param onDemand whether it stays without a connection from now on */
  addOrigin(origin: ForwardOrigin, onDemand: boolean): void {
    this.#onDemand ||= onDemand;
    if (this.#origins.add(origin)) {
      this.#init.onChange();
    }
  }

  /** The saved forward is gone from the settings. @returns whether something else keeps it on its connection */
  removeSaved(origin: ForwardOrigin): boolean {
    this.#onDemand = false;
    const isWanted = this.#origins.remove(origin) && this.#link.master !== undefined;
    this.#init.onChange();
    return isWanted;
  }

  /** Starts to listen, with a connection or, on demand, without. Never rejects: the state shows the result. */
  start(login: LoginMode): Promise<void> {
    this.started = this.#start(login);
    return this.started;
  }

  async #start(login: LoginMode): Promise<void> {
    const run = this.#run.signal;
    try {
      const isElsewhere = this.#init.claim !== undefined && (await this.#isElsewhere(run));
      if (!isElsewhere && this.#init.spec.kind !== "remote") {
        await this.#listenHere();
      }
      if (isElsewhere || run.aborted) {
        return;
      }
      if (this.#onDemand && this.#init.spec.kind !== "remote" && this.#link.master === undefined) {
        this.#setState({ kind: "waiting", since: this.#now, onDemand: true });
        return;
      }
      const master = await this.#link.connect(login);
      if (this.#init.spec.kind === "remote" && this.#remote === undefined && !run.aborted) {
        await this.#listenAgain(master, run);
      }
    } catch (error) {
      await this.#refuse(asError(error), run);
    }
  }

  /** Another window makes it: this one takes over when that ends. */
  async #isElsewhere(run: AbortSignal): Promise<boolean> {
    const other = await this.#claim.take(run);
    if (other === undefined) {
      return run.aborted;
    }
    const servedBy = { ...other.window, isWindow: true } as const;
    const state: ForwardState = { kind: "stopped", since: this.#now, servedBy };
    const takeOver = this.#init.rules.automatic ? "unattended" : "none";
    other.onDidEnd(() => this.#state === state && void this.restart(takeOver));
    this.#setState(state);
    return true;
  }

  /** Closes the listener and all connections at once. */
  stop(): void {
    this.#endRun();
    this.#setState({ kind: "stopped", since: this.#now });
  }

  /** Of several calls at once, the last one starts it. Resolves when it has a result. */
  async restart(login: LoginMode = "attended"): Promise<void> {
    const closed = Promise.all([this.#closed, this.#local?.close()]);
    this.#closed = closed;
    this.#endRun();
    this.#run = new AbortController();
    this.#since = this.#now;
    this.#setState({ kind: "starting", since: this.#now });
    const run = this.#run.signal;
    this.started = closed.then(() => (run.aborted ? undefined : this.#start(login)));
    for (let last: unknown; last !== this.started; ) {
      last = this.started;
      await last;
    }
  }

  dispose(): void {
    this.#endRun();
    this.#link.dispose();
  }

  snapshot(): ForwardSnapshot {
    const { id, host, spec } = this.#init;
    return Object.freeze({
      ...{ id, host, spec, origins: this.#origins.list(), state: this.#state, since: this.#since },
      masterId: this.#link.masterId,
      addresses:
        this.#local?.addresses ?? addressesThere(spec, this.#remote?.port, this.#remote !== undefined),
      takenAddresses: this.#local?.takenAddresses ?? [],
      port: this.#local?.port ?? this.#remote?.port ?? this.#port,
      ...this.#table.snapshot(),
    });
  }

  async #listenHere(): Promise<void> {
    const { rules, spec } = this.#init;
    const run = this.#run.signal;
    const clients = this.#clients(run);
    const onConnection = (socket: Socket): void => {
      socket.on("error", () => {});
      this.#sockets.add(socket);
      void clients.serve(socket);
    };
    const open = (at: ListenAddress): Promise<LocalListener> =>
      LocalListener.open({ at, ...rules, onConnection });
    const listener = await listenAtKnownPort(open, spec.listen, this.#port, () => true);
    if (run.aborted) {
      listener.dispose();
      return;
    }
    this.#local = listener;
    this.#port = listener.port;
    if (listener.takenAddresses.length > 0) {
      this.#retry.start(async () => {
        if (await listener.listenAtTaken()) {
          this.#init.onChange();
        }
        return listener.takenAddresses.length > 0;
      });
    }
  }

  /**
   * Never rejects. If the connection is lost meanwhile, the next one is asked to listen; if it does not respond, it is
   * asked again, because it may recover.
   */
  async #listenAgain(master: Master, run: AbortSignal): Promise<void> {
    try {
      await this.#listenThere(master);
    } catch (error) {
      if (run.aborted || this.#link.master !== master) {
        return;
      }
      if (ChannelError.is(error) && error.reason === "connection-ended") {
        this.#setState({ kind: "waiting", since: this.#now, onDemand: false });
        this.#next = this.#init.clock.setTimeout(() => {
          if (this.#link.master === master) {
            void this.#listenAgain(master, run);
          }
        }, askAgainAfter);
      } else {
        await this.#refuse(asError(error), run);
      }
    }
  }

  async #listenThere(master: Master): Promise<void> {
    const { id, spec, rules, dialled } = this.#init;
    const run = this.#run.signal;
    const handler = remoteHandler({
      ...{ id, dialled, table: this.#table, share: this.#share },
      target: spec.kind === "remote" ? spec.target : undefined,
      permitted: rules.permitted,
      idleLimit: idleLimitOf(this.#init.spec, this.#init.use.config),
      deadline: () => this.#deadline(),
      track: (socket) => this.#sockets.add(socket),
      onLoop: (error) => void this.#refuse(error, run),
    });
    const listen = (at: ListenAddress): Promise<RemoteListener> =>
      master.channels.listen(serverAddress(at, rules.gatewayPorts), handler, run);
    const mayTryAnother = (error: unknown): boolean => ForwardError.is(error) && !run.aborted;
    const listener = await listenAtKnownPort(listen, spec.listen, this.#port, mayTryAnother);
    if (run.aborted) {
      listener.dispose();
      return;
    }
    this.#remote = listener;
    this.#port = listener.port;
    this.#setState({ kind: "listening", since: this.#now });
  }

  #onUp(master: Master): void {
    if (this.#init.spec.kind !== "remote") {
      if (this.#local !== undefined) {
        this.#setState({ kind: "listening", since: this.#now });
      }
    } else if (this.#state.kind === "waiting") {
      void this.#listenAgain(master, this.#run.signal);
    }
  }

  #onDown(how: "lost" | "unused" | "ended"): void {
    this.#remote = undefined;
    if (!this.isRunning) {
      return;
    }
    if (how === "ended" && !this.#onDemand) {
      this.stop();
      this.#init.onEnded();
      return;
    }
    if (this.#init.spec.kind === "remote" && how !== "lost") {
      this.stop();
      return;
    }
    this.#setState({ kind: "waiting", since: this.#now, onDemand: how !== "lost" });
  }

  #clients(run: AbortSignal): LocalClients {
    const { clock, spec, use } = this.#init;
    const master = new ClientMaster({
      ...{ link: this.#link, login: this.#login, onDidChange: this.#stateChanged.event },
      isRunning: () => this.isRunning,
      refuse: (error) => this.#refuse(error, run),
    });
    return new LocalClients({
      ...{ clock, run, master, table: this.#table, share: this.#share },
      target: spec.kind === "local" ? spec.target : undefined,
      idleLimit: idleLimitOf(spec, use.config),
      deadline: () => this.#deadline(),
      onLoop: (error) => void this.#refuse(error, run),
    });
  }

  #deadline(): Deadline {
    return new Deadline(
      this.#init.clock,
      holdFor,
      () => new ForwardError("not-connected", "The connection was not ready in time"),
      this.#run.signal,
    );
  }

  async #refuse(error: Error, run: AbortSignal): Promise<void> {
    if (run.aborted) {
      return;
    }
    this.#endRun();
    const { signal } = this.#run;
    this.#init.logger.warn(`${this.id} does not listen: ${error.message}`);
    const isTaken = await this.#showRefusal(error, signal, this.#now);
    if (isTaken) {
      this.#retry.start(() => this.#tryPort(error, signal));
    }
  }

  /** @returns whether it is refused because another program has its port */
  async #showRefusal(error: Error, run: AbortSignal, since: number): Promise<boolean> {
    const { spec, use, registry } = this.#init;
    const forward = { spec, use, origins: this.#origins.list() };
    const { state, onDidEnd } = await refusal(error, forward, registry, since);
    if (this.#run.signal !== run || this.#state.kind === "stopped") {
      return false;
    }
    if (!isSameRefusal(this.#state, state)) {
      this.#setState(state);
      onDidEnd?.(() => this.#state === state && this.stop());
    }
    return state.kind === "refused" && isPortTaken(error);
  }

  /**
   * Starts it if its port is free, or if another window makes it meanwhile. Without a connection it stays: nobody has
   * asked for a login now. @returns whether the port is still taken
   */
  async #tryPort(error: Error, run: AbortSignal): Promise<boolean> {
    const { spec, rules, claim } = this.#init;
    if (this.#onDemand || this.#retry.hasConnection) {
      const held = await claim?.();
      held?.dispose();
      const isFree = held?.other !== undefined || (await LocalListener.isFree({ at: spec.listen, ...rules }));
      if (isFree && this.#run.signal === run && this.#state.kind === "refused") {
        void this.restart("none");
      }
      if (isFree) {
        return false;
      }
    }
    return await this.#showRefusal(error, run, this.#state.since);
  }

  #endRun(): void {
    this.#run.abort(new CancelledError());
    this.#next?.dispose();
    this.#next = undefined;
    this.#local?.dispose();
    this.#local = undefined;
    this.#remote?.dispose();
    this.#remote = undefined;
    this.#claim.release();
    this.#retry.stop();
    this.#link.leave();
    this.#sockets.resetAll();
  }

  #setState(state: ForwardState): void {
    this.#state = Object.freeze(state);
    this.#stateChanged.fire();
    this.#init.onChange();
  }

  get #now(): number {
    return this.#init.clock.now();
  }
}
