import { afterEach } from "vitest";
import type {
  ConnectionEngine,
  ConnectRequest,
  EngineConnection,
} from "../../../src/engine/connectionEngine.ts";
import { FaultProxy } from "../../lab/faultProxy.ts";
import { type SshdHost, type SshdHostOptions, startSshd } from "../../lab/sshdHost.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { never } from "./channels.ts";
import { loginTo } from "./logins.ts";

/** Hosts, proxies and connections of one test, which end with it. */
export interface Bench {
  host(options?: SshdHostOptions): Promise<SshdHost>;
  proxy(host: { readonly host: string; readonly port: number }): Promise<FaultProxy>;
  login(host: SshdHost, changes?: Partial<ConnectRequest>): Promise<EngineConnection>;
  /** Through a proxy. */
  loginBy(proxy: FaultProxy, host: SshdHost): Promise<EngineConnection>;
}

/** Call it inside `describe`. */
export function makeBench(makeEngine: () => ConnectionEngine): Bench {
  const connections: EngineConnection[] = [];
  const things: { stop(): Promise<void> }[] = [];
  const engine = makeEngine();

  afterEach(async () => {
    for (const connection of connections.splice(0)) {
      connection.destroy();
    }
    await Promise.all(things.splice(0).map((thing) => thing.stop()));
  });

  const login = async (host: SshdHost, changes: Partial<ConnectRequest> = {}): Promise<EngineConnection> => {
    const connection = await engine.connect(loginTo(host, changes), never());
    connections.push(connection);
    return connection;
  };
  return {
    host: async (options) => {
      const host = await startSshd(options);
      things.push(host);
      return host;
    },
    proxy: async (target) => {
      const proxy = await FaultProxy.start(target);
      things.push(proxy);
      return proxy;
    },
    login,
    loginBy: (proxy, host) =>
      login(host, {
        config: testHostConfig({ hostName: proxy.host, port: proxy.port, user: host.user }),
      }),
  };
}
