import { createAgentClient } from "./auth/agent/agentClient.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import type { AuthPrompter, KeyReader, SecretStore } from "./auth/authPorts.ts";
import { type KeyPlan, keyPlan } from "./auth/keyPlan.ts";
import { KeyRing } from "./auth/keys/keyRing.ts";
import { createLoginAsker } from "./auth/loginAsker.ts";
import { LoginMemory } from "./auth/loginMemory.ts";
import type { LoginNeeds } from "./auth/loginNeeds.ts";
import type { Clock } from "./base/clock.ts";
import { type Disposable, DisposableStore } from "./base/disposable.ts";
import type { Logger } from "./base/log.ts";
import { configEnvironment } from "./config/configEnvironment.ts";
import { configFileOf } from "./config/configFileSetting.ts";
import type { ControlPathSource, HostResolver, SettingsPort } from "./config/configPorts.ts";
import { type ConnectionUse, connectionPolicy } from "./config/connectionPolicy.ts";
import { resolveHop } from "./config/hopResolver.ts";
import type { HostConfig } from "./config/hostConfig.ts";
import { HostPolicies } from "./config/hostPolicies.ts";
import { trustedProxyCommand } from "./config/proxyTrust.ts";
import type { ConnectionEngine } from "./engine/connectionEngine.ts";
import { ConnectError } from "./engine/engineErrors.ts";
import { EngineTable } from "./engine/engineTable.ts";
import { Departures } from "./engine/openssh/departures.ts";
import { lazyOpenSsh } from "./engine/openssh/lazyOpenSsh.ts";
import { openSshNeeds } from "./engine/openssh/openSshNeeds.ts";
import { lazySsh2 } from "./engine/ssh2/lazySsh2.ts";
import { runProxyCommand } from "./engine/transport/proxyCommand.ts";
import { ServerTalk } from "./engine/transport/serverTalk.ts";
import { forwardRules } from "./forward/forwardRules.ts";
import { ForwardService } from "./forward/forwardService.ts";
import { SessionForwards } from "./forward/sessionForwards.ts";
import { EnvironmentWatcher } from "./master/environmentWatcher.ts";
import { localAddresses } from "./master/localAddresses.ts";
import type { EngineChooser, LoginFactory } from "./master/masterPorts.ts";
import { MasterRegistry } from "./master/masterRegistry.ts";
import type { EndedStorage } from "./session/endedSessionTypes.ts";
import { probeAfterEnvironmentChanges } from "./session/environmentProbes.ts";
import { limitsFor } from "./session/limitPolicy.ts";
import { SessionManager } from "./session/sessionManager.ts";
import type { SessionService } from "./session/sessionServiceTypes.ts";
import { KeeperSharing, type KeeperSharingInit } from "./share/keeper/keeperSharing.ts";
import type { MeetingPlace } from "./share/meeting/meetingPlace.ts";
import { newMeetingPlace } from "./share/meeting/newMeetingPlace.ts";
import { ProgramSharing } from "./share/programSharing.ts";
import type { RidingConsent } from "./share/userMasterPorts.ts";
import { UserMasters } from "./share/userMasters.ts";
import { WindowForwards } from "./share/windowForwards.ts";
import { WindowSharing } from "./share/windowSharing.ts";
import type { HostKeyPrompter } from "./trust/hostKeyPorts.ts";
import { createHostKeyVerifier } from "./trust/hostKeyVerifier.ts";
import { hostKeyConfig } from "./trust/unattendedHostKeys.ts";

/** What the stack needs from its host: an editor, a test or a benchmark. */
export interface SshStackInit {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingsPort;
  readonly resolver: HostResolver;
  readonly authPrompter: AuthPrompter;
  readonly hostKeyPrompter: HostKeyPrompter;
  readonly secrets: SecretStore;
  /** Default: the setting `sshSessions.engine`. */
  readonly engine?: ConnectionEngine;
  /** Chooses another engine for a use. Undefined: the default engine. */
  readonly chooseEngine?: (use: ConnectionUse) => ConnectionEngine | undefined;
  /** The user has chosen OpenSSH for this host. Default: for none. */
  readonly needsOpenSsh?: (config: HostConfig) => boolean;
  /** All addresses of the machine as one comparable string. Default: asks the system. */
  readonly localAddresses?: () => string;
  /** 0 <= x < 1. Default: Math.random. */
  readonly random?: () => number;
  /** Default: the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Of the sockets by which other programs use our connections. Default: the user's own. */
  readonly socketFolder?: string;
  /** Where windows find each other. Default: as fits the system. */
  readonly meetingPlace?: MeetingPlace;
  /** Other windows may use our connections, and we use theirs. Default: neither. */
  readonly sharesWithWindows?: () => boolean;
  /** Connections of the user's own `ssh`, and whether we may use them. Default: they are not looked for. */
  readonly userMasters?: { readonly paths: ControlPathSource; readonly consent: RidingConsent };
  /** Of this window, for the trees of others. */
  readonly windowName?: () => string;
  /** Of this window: see `KeeperSharingInit`. */
  readonly workspace?: string;
  /** Of ended sessions. Default: they are forgotten with the stack. */
  readonly endedStorage?: EndedStorage;
  /** The process that holds connections and sessions for windows. Default: none. */
  readonly keeper?: Pick<KeeperSharingInit, "isOn" | "staysAfterLogout" | "build">;
}

export interface SshStack extends Disposable {
  readonly service: SessionService;
  readonly forwards: ForwardService;
  readonly programs: ProgramSharing;
  readonly windows: WindowSharing;
  readonly userMasters: UserMasters;
  readonly keeper: KeeperSharing;
  /** The keys that a login to `config` would offer. Prompts for nothing. */
  keyPlan(config: HostConfig, signal: AbortSignal): Promise<KeyPlan>;
  readonly loginMemory: LoginMemory;
  /**
   * Disposes it, and resolves when the process may end: a master of `ssh` whose client is cut off in the middle may end
   * with everybody's sessions.
   */
  leave(): Promise<void>;
}

/** Everything below the editor, from a host name to sessions on shared connections. Disposing it ends all of them. */
export function createSshStack(init: SshStackInit): SshStack {
  const { clock, logger, settings, resolver } = init;
  const store = new DisposableStore();
  const policies = new HostPolicies(settings);
  const ssh2 = lazySsh2(clock);
  const departures = new Departures();
  const openSsh = lazyOpenSsh({
    ...{ clock, departures },
    configFile: () => configFileOf(settings, configEnvironment()),
    controlPathFor: (config) => userMasters.pathForNewMaster(config),
  });
  const engines = new EngineTable(policies, {
    ssh2,
    openssh: { engine: openSsh, ...openSshNeeds({ isChosenFor: init.needsOpenSsh ?? (() => false) }) },
  });
  const chosenEngine: EngineChooser = (use) => init.chooseEngine?.(use) ?? init.engine ?? engines.choose(use);
  const prepared = async (config: HostConfig): Promise<HostConfig> => await engines.prepare(config);
  const keyRing = new KeyRing(ssh2.keyReader, init.secrets, init.logger);
  const loginMemory = new LoginMemory(init.secrets, keyRing);
  const folder = init.socketFolder === undefined ? {} : { folder: init.socketFolder };
  let meetingPlace = init.meetingPlace;
  const place = (): MeetingPlace => (meetingPlace ??= newMeetingPlace({ clock, logger, ...folder }));
  const windows = new WindowSharing({
    ...{ clock, logger, place },
    isOn: init.sharesWithWindows ?? (() => false),
    onDidChangeSettings: settings.onDidChange,
    windowName: init.windowName ?? (() => ""),
  });
  const userMasters = new UserMasters({
    ...{ clock, logger, departures, ...(init.userMasters ?? noUserMasters) },
    ours: () => openSsh.controlPaths(),
    takesOver: (config) => chosenEngine({ config }).name === openSsh.name,
    sharesWithWindows: init.sharesWithWindows ?? (() => false),
  });
  const keeper = new KeeperSharing({
    ...{ clock, logger, ...folder },
    others: {
      join: async (login, signal, events) =>
        (await windows.join(login, signal)) ?? (await userMasters.join(login, signal, events)),
    },
    isOn: () => init.keeper?.isOn() ?? false,
    staysAfterLogout: () => init.keeper?.staysAfterLogout() ?? false,
    build: init.keeper?.build ?? "",
    workspace: init.workspace ?? "",
    windowName: init.windowName ?? (() => ""),
    checkHost: (config) => {
      if (config.proxyCommand !== undefined) {
        trustedProxyCommand(config, settings);
      }
      if (chosenEngine({ config }).runsInKeeper !== true) {
        throw new ConnectError("local", "The engine of this host can't run in the keeper");
      }
    },
    resolveHop: (hop, before, signal) => resolveHop(resolver, hop, before, signal).then(prepared),
  });
  const registry = store.add(
    new MasterRegistry({
      others: keeper,
      clock,
      logger,
      chooseEngine: chosenEngine,
      alternatives: (use) =>
        init.engine === undefined && init.chooseEngine === undefined ? engines.alternatives(use) : [],
      login: loginFactory(init, ssh2.keyReader, keyRing, loginMemory.needs),
      policies: (uses) => connectionPolicy(policies, uses),
      resolve: (host) => resolver.resolve(host).then(prepared),
      resolveHop: (hop, before, signal) => resolveHop(resolver, hop, before, signal).then(prepared),
      runProxy: (config, onWords) =>
        runProxyCommand(trustedProxyCommand(config, settings), new ServerTalk(logger, onWords)),
    }),
  );
  const service = store.add(
    new SessionManager({
      clock,
      logger,
      registry,
      resolve: (host, signal) => {
        engines.warmUp();
        return resolver.resolve(host, signal).then(prepared);
      },
      limits: (config, request, folder) => limitsFor(policies, config, request, folder),
      folder: () => settings.folder,
      onUserSession: async ({ config, folder }, masterId) =>
        await sessionForwards.begin({ config, folder, masterId }),
      random: init.random ?? Math.random,
      environment: init.environment ?? process.env,
      ...(init.endedStorage && { endedStorage: init.endedStorage }),
    }),
  );
  const forwards = store.add(
    new ForwardService({
      ...{ clock, logger, registry },
      resolve: (host) => {
        engines.warmUp();
        return resolver.resolve(host).then(prepared);
      },
      folder: () => settings.folder,
      rules: (config, folder) => forwardRules(policies, config, folder),
      reconnect: (lost, holder) => service.rejoin(lost, holder),
      claims: {
        // It has no state. Constructed here, the first use would load it.
        claim: (key) =>
          new WindowForwards({
            ...{ clock, logger, place },
            isOn: init.sharesWithWindows ?? (() => false),
            windowName: init.windowName ?? (() => ""),
          }).claim(key),
      },
    }),
  );
  const programs = store.add(
    new ProgramSharing({
      ...{ registry, resolver, clock, logger },
      configFile: () => settings.configFile,
      ...folder,
    }),
  );
  windows.serve(registry, programs);
  store.add(windows);
  store.add(userMasters);
  const sessionForwards = new SessionForwards(forwards, policies, (id) => registry.get(id) !== undefined);
  store.add(
    probeAfterEnvironmentChanges(
      new EnvironmentWatcher(clock, init.localAddresses ?? localAddresses, logger),
      { service, registry, logger },
    ),
  );
  const refresh = (): void => void service.refreshPolicies();
  store.add(settings.onDidChange(refresh));
  store.add(resolver.onDidChange(refresh));
  // Before the registry, which ends every connection: masters of ssh are left to the window that comes next.
  store.add(openSsh);
  const agent = createAgentClient(clock);
  const plan: SshStack["keyPlan"] = (config, signal) =>
    keyPlan({
      ...{ config, agent, logger, signal, reader: ssh2.keyReader },
      ...{ env: init.environment ?? process.env, platform: process.platform },
    });
  return {
    ...{ service, forwards, programs, windows, userMasters, keeper, loginMemory },
    keyPlan: plan,
    dispose: () => store.dispose(),
    leave: async () => {
      store.dispose();
      await departures.done(clock);
    },
  };
}

const noUserMasters: NonNullable<SshStackInit["userMasters"]> = {
  paths: {
    controlPaths: async () => [],
    controlPath: async () => undefined,
    onDidChange: () => ({ dispose: () => {} }),
  },
  consent: {
    isOff: true,
    choiceFor: async () => false,
    ask: async () => false,
    remember: async () => {},
  },
};

function loginFactory(
  init: SshStackInit,
  reader: KeyReader,
  keyRing: KeyRing,
  needs: LoginNeeds,
): LoginFactory {
  const agent = createAgentClient(init.clock);
  return (config, { allowPrompts, canOtherEngine, pause, signal }) => {
    return {
      verifier: createHostKeyVerifier({
        config: hostKeyConfig(config, allowPrompts),
        mayRunCommands: init.settings.isTrusted,
        prompter: init.hostKeyPrompter,
        logger: init.logger,
        pause,
      }),
      authenticator: createAuthenticator({
        config,
        allowPrompts,
        ...(canOtherEngine && { canOtherEngine }),
        prompter: init.authPrompter,
        secrets: init.secrets,
        agent,
        reader,
        keyRing,
        needs,
        clock: init.clock,
        logger: init.logger,
        signal,
        pause,
      }),
      asker: createLoginAsker({
        ...{ config, allowPrompts, needs, pause },
        prompter: init.authPrompter,
        secrets: init.secrets,
        logger: init.logger,
      }),
    };
  };
}
