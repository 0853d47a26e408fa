/** Access to the servers of our masters, and our own timeouts there. No vscode. */
import type { HostResolver } from "../../config/configPorts.ts";
import type { HostPolicies, Sourced } from "../../config/hostPolicies.ts";
import { masterExec } from "../../remote/masterExec.ts";
import { RemoteViewError } from "../../remote/remoteErrors.ts";
import type { RemoteAccess } from "../../remote/remoteExec.ts";
import type { Known, OurTimeouts } from "../../remote/timeoutFacts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { valueSourceText } from "../../text/valueSourceText.ts";
import { isConnected } from "./remotePolling.ts";

export class RemoteAccesses {
  readonly #service: SessionService;
  readonly #resolver: HostResolver;
  readonly #policies: HostPolicies;
  readonly #home: string;

  constructor(service: SessionService, resolver: HostResolver, policies: HostPolicies, home: string) {
    this.#service = service;
    this.#resolver = resolver;
    this.#policies = policies;
    this.#home = home;
  }

  /** Undefined when that master is not connected. */
  find(masterId: string): RemoteAccess | undefined {
    const master = this.#service.masters().find(({ id }) => id === masterId);
    return master === undefined || !isConnected(master)
      ? undefined
      : {
          exec: masterExec(this.#service, masterId, master.spec),
          sudo: this.#policies.get("sudo", master).value,
        };
  }

  /** @throws RemoteViewError `not-connected` */
  to(masterId: string): RemoteAccess {
    const access = this.find(masterId);
    if (access === undefined) {
      throw new RemoteViewError("not-connected", `Master ${masterId} is not connected`);
    }
    return access;
  }

  /** Seconds of silence after which a login on that master's server counts as hung; 0: never. */
  hungAfterSeconds(masterId: string): number {
    const master = this.#service.masters().find(({ id }) => id === masterId);
    return this.#policies.get("hungAfterMinutes", master ?? { alias: "" }).value * 60;
  }

  /** @throws ConfigError */
  async ourTimeouts({ spec, keepalive, probesIgnored, serverVersion }: MasterSnapshot): Promise<OurTimeouts> {
    const config = await this.#resolver.resolve(spec);
    const known = <T>({ value, source }: Sourced<T>): Known<T> => ({
      value,
      source: valueSourceText(source, this.#home),
    });
    const { sources } = keepalive;
    const linger = this.#policies.linger(config);
    return {
      host: spec,
      serverAliveInterval: known({
        value: keepalive.serverAliveInterval,
        source: sources.serverAliveInterval,
      }),
      serverAliveCountMax: known({
        value: keepalive.serverAliveCountMax,
        source: sources.serverAliveCountMax,
      }),
      tcpKeepAlive: known({ value: keepalive.tcpKeepAlive, source: sources.tcpKeepAlive }),
      probesIgnored,
      channelTimeouts: known({
        value: config.channelTimeouts,
        source: config.sources.get("channeltimeout") ?? { kind: "default" },
      }),
      idleLimit: known(this.#policies.get("idleLimit", config)),
      timeLimit: known(this.#policies.get("timeLimit", config)),
      linger: known({ value: linger.seconds, source: linger.source }),
      serverVersion,
    };
  }
}
