/** The way to the servers behind our masters, and what we ourselves do about silence there. No vscode. */
import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import { hostSetting } from "../../config/hostSettings.ts";
import { effectiveLinger } from "../../config/lingerPolicy.ts";
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
  readonly #settings: SettingsPort;
  readonly #home: string;

  constructor(service: SessionService, resolver: HostResolver, settings: SettingsPort, home: string) {
    this.#service = service;
    this.#resolver = resolver;
    this.#settings = settings;
    this.#home = home;
  }

  /** Undefined when that master is not connected. */
  find(masterId: string): RemoteAccess | undefined {
    const master = this.#service.masters().find(({ id }) => id === masterId);
    return master === undefined || !isConnected(master)
      ? undefined
      : {
          exec: masterExec(this.#service, masterId, master.spec),
          sudo: hostSetting(this.#settings.hosts, master.alias, "sudo")?.value ?? false,
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

  /** @throws ConfigError */
  async ourTimeouts(master: MasterSnapshot): Promise<OurTimeouts> {
    const { alias, spec, keepalive } = master;
    const config = await this.#resolver.resolve(spec);
    const settings = this.#settings;
    const source = (name: keyof typeof keepalive.sources): string =>
      valueSourceText(keepalive.sources[name], this.#home);
    const limit = (key: "timeLimit" | "idleLimit"): Known<number> => {
      const own = hostSetting(settings.hosts, alias, key);
      return own === undefined
        ? { value: settings.limits[`${key}Seconds`], source: `sshSessions.limits.${key}` }
        : {
            value: own.value,
            source: valueSourceText({ kind: "hostSetting", pattern: own.pattern }, this.#home),
          };
    };
    const linger = effectiveLinger(config, settings);
    const channelSource = config.sources.get("channeltimeout");
    return {
      host: spec,
      serverAliveInterval: { value: keepalive.serverAliveInterval, source: source("serverAliveInterval") },
      serverAliveCountMax: { value: keepalive.serverAliveCountMax, source: source("serverAliveCountMax") },
      tcpKeepAlive: { value: keepalive.tcpKeepAlive, source: source("tcpKeepAlive") },
      probesIgnored: master.probesIgnored,
      channelTimeouts: {
        value: config.channelTimeouts,
        source: valueSourceText(channelSource ?? { kind: "default" }, this.#home),
      },
      idleLimit: limit("idleLimit"),
      timeLimit: limit("timeLimit"),
      linger: { value: linger.seconds, source: valueSourceText(linger.source, this.#home) },
      serverVersion: master.serverVersion,
    };
  }
}
