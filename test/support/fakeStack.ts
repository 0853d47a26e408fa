import { PassThrough } from "node:stream";
import { type Logger, silentLogger } from "../../src/base/log.ts";
import { ConfigError } from "../../src/config/configErrors.ts";
import type { HostConfig, KeepalivePolicy } from "../../src/config/hostConfig.ts";
import type { LoginOptions } from "../../src/master/masterPorts.ts";
import { MasterRegistry, type MasterRegistryInit } from "../../src/master/masterRegistry.ts";
import { SessionManager, type SessionManagerInit } from "../../src/session/sessionManager.ts";
import { FakeEngine, keepalive } from "./fakeEngine.ts";
import { testHostConfig } from "./hostConfigs.ts";
import { ManualClock } from "./manualClock.ts";

type SessionParts = Pick<SessionManagerInit, "endedStorage"> & { readonly clock?: ManualClock };

/** Masters and sessions over a fake engine and a manual clock. @param parts replace those of the registry. */
export function fakeStack(
  hosts: readonly HostConfig[] = [testHostConfig()],
  logger: Logger = silentLogger,
  parts: Partial<MasterRegistryInit> = {},
  { clock = new ManualClock(), ...sessions }: SessionParts = {},
) {
  const engine = new FakeEngine(clock);
  const settings: {
    linger: number;
    keepalive: KeepalivePolicy;
    idle: number | undefined;
    time: number | undefined;
    ignoreMissingReplies: boolean;
  } = {
    linger: 600,
    keepalive: keepalive(30, 3),
    idle: undefined,
    time: undefined,
    ignoreMissingReplies: false,
  };
  const resolve = async (alias: string): Promise<HostConfig> => {
    const found = hosts.find((host) => host.alias === alias);
    if (found === undefined) {
      throw new ConfigError("invalid-host", `no host ${alias}`);
    }
    return found;
  };
  const logins: LoginOptions[] = [];
  const registry = new MasterRegistry({
    clock,
    logger,
    chooseEngine: () => engine,
    login: (_config, options) => {
      logins.push(options);
      return {
        verifier: { preferredAlgorithms: async () => [], verify: async () => {} },
        authenticator: {
          next: async () => undefined,
          succeeded: async () => {},
          failed: () => {},
          tried: () => [],
          problems: () => [],
        },
      };
    },
    policies: () => ({
      keepalive: settings.keepalive,
      linger: { seconds: settings.linger, source: { kind: "default" } },
      ignoreMissingReplies: settings.ignoreMissingReplies,
      uses: [],
    }),
    resolve,
    resolveHop: async (hop, before) => {
      const config = await resolve(hop.alias);
      return before.length > 0 ? { ...config, proxyJump: before } : config;
    },
    runProxy: () => new PassThrough(),
    ...parts,
  });
  const manager = new SessionManager({
    clock,
    logger,
    registry,
    resolve: parts.resolve ?? resolve,
    limits: (_config, request) => [
      {
        kind: "time",
        seconds: request.timeLimitSeconds ?? settings.time ?? 0,
        source: { kind: "commandLine" },
      },
      {
        kind: "idle",
        seconds: request.idleLimitSeconds ?? settings.idle ?? 0,
        source: { kind: "commandLine" },
      },
    ],
    folder: () => undefined,
    random: () => 0,
    environment: {},
    ...sessions,
  });
  return { clock, engine, registry, manager, settings, logins };
}

export const shell = {
  kind: "terminal",
  request: { type: "shell" },
  pty: { term: "xterm", dimensions: { columns: 80, rows: 24 } },
} as const;
