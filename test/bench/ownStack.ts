import { systemClock } from "../../src/base/clock.ts";
import type { Disposable } from "../../src/base/disposable.ts";
import { silentLogger } from "../../src/base/log.ts";
import { ConfigError } from "../../src/config/configErrors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { MasterRegistry } from "../../src/master/masterRegistry.ts";
import { SessionManager } from "../../src/session/sessionManager.ts";
import type { SessionService } from "../../src/session/sessionTypes.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { publicKeyAttempt, ScriptedAuthenticator } from "../engine/contract/logins.ts";
import type { SshConfigEntry } from "../lab/sshdConfig.ts";
import { keepalive } from "../support/fakeEngine.ts";
import { testHostConfig } from "../support/hostConfigs.ts";

export interface OwnStack extends Disposable {
  readonly service: SessionService;
}

/** What the extension runs on, without VS Code: the host is called `lab`, keepalive is 1 s x 3. */
export function ownStack(entry: SshConfigEntry): OwnStack {
  const config = configOf(entry);
  const refuse = async (): Promise<never> => {
    throw new Error("a benchmark asks nobody");
  };
  const registry = new MasterRegistry({
    clock: systemClock,
    logger: silentLogger,
    engine: new Ssh2Engine(),
    login: (host) => ({
      verifier: createHostKeyVerifier({
        config: host,
        prompter: { confirmUnknown: refuse },
        logger: silentLogger,
      }),
      authenticator: new ScriptedAuthenticator([{ method: "none" }, publicKeyAttempt(entry.keyFile)]),
    }),
    policies: {
      keepalive: () => keepalive(1, 3),
      lingerSeconds: () => Number.POSITIVE_INFINITY,
      ignoreMissingReplies: () => false,
    },
    resolveHop: refuse,
    runProxy: () => {
      throw new Error("no proxy here");
    },
  });
  const service = new SessionManager({
    clock: systemClock,
    logger: silentLogger,
    registry,
    resolve: async (alias) => {
      if (alias !== config.alias) {
        throw new ConfigError("invalid-host", `no host ${alias}`);
      }
      return config;
    },
    limits: () => ({ time: undefined, idle: undefined, channelTimeout: undefined }),
    environment: {},
  });
  return {
    service,
    dispose: () => {
      service.dispose();
      registry.dispose();
    },
  };
}

function configOf(entry: SshConfigEntry): HostConfig {
  return testHostConfig({
    alias: "lab",
    hostName: entry.host,
    port: entry.port,
    user: entry.user,
    ...(entry.hostKeyAlias !== undefined && { hostKeyAlias: entry.hostKeyAlias }),
    strictHostKeyChecking: "yes",
    userKnownHostsFiles: [entry.knownHostsFile],
    identityFiles: [entry.keyFile],
    identityFilesAreDefault: false,
    identitiesOnly: true,
  });
}
