import type * as vscode from "vscode";
import type { SshSessionsApi } from "../api.ts";
import type { LoginMemory } from "../auth/loginMemory.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";
import type { Verbosity } from "../base/verbosity.ts";
import type { ConfigProblemSource, HostResolver } from "../config/configPorts.ts";
import { HostPolicies } from "../config/hostPolicies.ts";
import { RemoteViewService } from "../remote/remoteViewService.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";
import { sumOfOthers } from "../text/endQuestions.ts";
import { createKnownHostsStorage } from "../trust/knownHostsStorage.ts";
import type { CommandContext } from "./commands/commandContext.ts";
import type { CallCommand } from "./commands/commandTable.ts";
import { ConfigDiagnostics } from "./documents/configDiagnostics.ts";
import { DetailsPanels } from "./documents/detailsPanels.ts";
import type { ExplanationSources } from "./documents/gatherExplanation.ts";
import { HostDocuments } from "./documents/hostDocuments.ts";
import { KnownKeyDocuments } from "./documents/knownKeyDocuments.ts";
import { RemoteFileDocuments } from "./documents/remoteFileDocuments.ts";
import { RunDocuments } from "./documents/runDocuments.ts";
import { RunOutput } from "./documents/runOutput.ts";
import { SessionDetailsDocuments } from "./documents/sessionDetailsDocument.ts";
import { TimeoutDocuments } from "./documents/timeoutDocuments.ts";
import { type AllFeaturesInit, allFeatures } from "./features/allFeatures.ts";
import { PassingMessages } from "./messages/passingMessage.ts";
import { askExtensionAccess } from "./prompts/askExtensionAccess.ts";
import { ConfigNotices } from "./prompts/configNotices.ts";
import { ErrorPresenter } from "./prompts/errorPresenter.ts";
import { ExtensionAccess } from "./prompts/extensionAccess.ts";
import { HostPick } from "./prompts/hostPick.ts";
import { showLimitWarnings } from "./prompts/limitWarnings.ts";
import { LivePick } from "./prompts/livePick.ts";
import { OpenSshQuestions } from "./prompts/openSshQuestions.ts";
import type { PromptQueue } from "./prompts/promptQueue.ts";
import type { VscodeSecretStore } from "./prompts/vscodeSecretStore.ts";
import { RemoteAccesses } from "./serverView/remoteAccess.ts";
import { RemotePolling } from "./serverView/remotePolling.ts";
import { viewIds } from "./settings/contributionIds.ts";
import type { EngineMemory } from "./settings/engineMemory.ts";
import { RecentHosts } from "./settings/recentHosts.ts";
import type { VscodeSettings } from "./settings/vscodeSettings.ts";
import { hostsView, liveView } from "./sideBar.ts";
import { SessionsApi } from "./sshSessionsApi.ts";
import { KeptTerminals } from "./terminals/keptTerminals.ts";
import { RemoteClipboard } from "./terminals/remoteClipboard.ts";
import { linkedTerminal, registerRemoteLinks } from "./terminals/remoteLinks.ts";
import type { TerminalPort } from "./terminals/sshPseudoterminal.ts";
import { TerminalMemory } from "./terminals/terminalMemory.ts";
import { terminalProfiles } from "./terminals/terminalProfile.ts";
import { TerminalRegistry } from "./terminals/terminalRegistry.ts";
import { maintainContextKeys } from "./views/contextKeys.ts";
import { FocusedRow } from "./views/focusedRow.ts";
import { FoldMemory } from "./views/foldMemory.ts";
import { hostGroups } from "./views/hostGroups.ts";
import { HostList } from "./views/hostList.ts";
import { ItemPresenter } from "./views/itemPresenter.ts";
import { RowFilter } from "./views/rowFilter.ts";
import { StatusBar } from "./views/statusBar.ts";

/** The services for the visible part, including those of its features. It owns none of them. */
export interface VscodeLayerInit
  extends Omit<
    AllFeaturesInit,
    "policies" | "messages" | "presenter" | "terminals" | "remoteAccess" | "onDidPrintPort" | "kept"
  > {
  readonly service: SessionService;
  readonly loginMemory: LoginMemory;
  readonly keyPlan: ExplanationSources["keyPlan"];
  readonly resolver: HostResolver & ConfigProblemSource;
  readonly settings: VscodeSettings;
  readonly secrets: VscodeSecretStore;
  readonly engineMemory: EngineMemory;
  readonly channel: vscode.LogOutputChannel;
  readonly logger: Logger;
  readonly verbosity: Verbosity;
  readonly clock: Clock;
  /** `context.globalState`: recent hosts, and hosts that other extensions may use. */
  readonly memento: vscode.Memento;
  readonly prompts: PromptQueue;
  /** `context.workspaceState`: the open terminals. */
  readonly workspaceMemento: vscode.Memento;
  /** The folder of the extension. */
  readonly extensionUri: vscode.Uri;
  /** The home directory: shown as `~`, and the location of `.ssh/config`. */
  readonly home: string;
}

/** The functions that the extension's entry calls: see extension.ts. */
export interface EntryCalls {
  readonly api: SshSessionsApi;
  readonly profiles: vscode.TerminalProfileProvider;
  readonly callCommand: CallCommand;
}

/** The user interface: views, status bar, commands, terminal profile; and the API, which opens terminals too. */
export function createVscodeLayer(init: VscodeLayerInit): Disposable & EntryCalls {
  const { service, forwards, resolver, settings, secrets, clock, logger, home } = init;
  const store = new DisposableStore();
  const policies = new HostPolicies(settings);
  const showLog = (): void => init.channel.show(true);
  const openSsh = new OpenSshQuestions({ memory: init.engineMemory, resolver, policies, settings });
  const presenter = new ErrorPresenter(logger, showLog, home, openSsh);
  const recent = store.add(new RecentHosts(init.memento));
  const notices = new ConfigNotices(init.memento, logger, home);
  const memory = store.add(new TerminalMemory(init.workspaceMemento));
  const kept = store.add(new KeptTerminals({ keeper: init.keeper, memory, logger }));
  const printedPorts = store.add(new Emitter<TerminalPort>());
  const messages = store.add(new PassingMessages(clock));
  const terminals = store.add(
    new TerminalRegistry({
      ...{ service, forwards, resolver, settings, policies, clock, logger, presenter, notices, recent, home },
      verbosity: init.verbosity,
      memory,
      kept,
      messages,
      keeps: () => init.keeper.isOn,
      onPrintedPort: (port) => printedPorts.fire(port),
      reopensByItself: () => settings.reopensTerminals,
      titleTemplate: () => settings.terminalTitle,
      clipboard: new RemoteClipboard(policies),
    }),
  );
  const access = store.add(
    new ExtensionAccess(
      init.memento,
      resolver,
      (question) => askExtensionAccess(init.prompts, question),
      clock,
      logger,
    ),
  );
  const itemPresenter = new ItemPresenter(clock, home);
  const hostPick = new HostPick(resolver, service, recent, itemPresenter, logger);
  const livePick = new LivePick(service, itemPresenter);
  const remoteAccess = new RemoteAccesses(service, resolver, policies, home);
  const remoteView = store.add(
    new RemoteViewService({
      access: (masterId) => remoteAccess.find(masterId),
      hungAfterSeconds: (masterId) => remoteAccess.hungAfterSeconds(masterId),
      clock,
    }),
  );
  const remotePolling = store.add(new RemotePolling(remoteView, service, clock));
  store.add(new ConfigDiagnostics(resolver, logger));
  const hostDocuments = store.add(
    new HostDocuments({
      ...{ resolver, policies, settings, home },
      keyPlan: init.keyPlan,
      onDidChangeConfig: resolver.onDidChange,
    }),
  );
  const knownHosts = createKnownHostsStorage();
  const knownKeyDocuments = store.add(new KnownKeyDocuments({ resolver, storage: knownHosts, home }));
  const timeoutDocuments = store.add(new TimeoutDocuments());
  const hosts = store.add(
    new HostList({
      ...{ resolver, service, recent, access, logger },
      groupOf: hostGroups(policies, settings, home),
    }),
  );
  const filter = store.add(new RowFilter());
  const focusedRows = {
    [viewIds.live]: new FocusedRow(clock),
    [viewIds.hosts]: new FocusedRow(clock),
  };
  const features = allFeatures({
    ...init,
    messages,
    policies,
    presenter,
    terminals,
    remoteAccess,
    kept,
    onDidPrintPort: printedPorts.event,
  });
  let hasShownHosts = false;
  const sideBar = {
    ...{ ...init, policies, hosts, filter, features, itemPresenter },
    folds: new FoldMemory(init.workspaceMemento),
    focusedRows,
    remote: remoteView,
    access,
    polling: remotePolling,
    earlier: memory,
    warnings: async (host: string) => await resolver.warnings(host),
    onHostsShown: () => {
      if (!hasShownHosts) {
        hasShownHosts = true;
        // The user may open one. Its code is loaded meanwhile, after VS Code has drawn the rows.
        store.add(clock.setTimeout(() => void loadTerminals(), 1000));
      }
    },
  };
  store.add(liveView(sideBar));
  store.add(hostsView(sideBar));
  store.add(new StatusBar(service, clock));
  store.add(maintainContextKeys(service, memory, filter, hosts, clock));
  store.add(showLimitWarnings(service, messages, clock));
  const details = store.add(
    new DetailsPanels(
      service,
      clock,
      store.add(new SessionDetailsDocuments(service, clock)),
      init.extensionUri,
    ),
  );
  const remoteFiles = store.add(new RemoteFileDocuments(service));
  store.add(
    registerRemoteLinks(
      (terminal) => linkedTerminal(terminal, service),
      async (place) => await remoteFiles.open(place),
    ),
  );
  const runDocuments = store.add(new RunDocuments());
  const runOutput = store.add(new RunOutput(clock));
  const profiles = terminalProfiles(terminals, hostPick, settings);
  const commandContext: CommandContext = {
    service,
    others: (masterIds) => sumOfOthers(features.map((feature) => feature.others?.(masterIds) ?? {})),
    resolver,
    settings,
    policies,
    secrets,
    loginMemory: init.loginMemory,
    terminals,
    hostPick,
    livePick,
    hosts,
    filter,
    focusedRows,
    presenter,
    notices,
    recent,
    details,
    runDocuments,
    runOutput,
    remoteView,
    remotePolling,
    remoteAccess,
    timeoutDocuments,
    hostDocuments,
    knownKeyDocuments,
    knownHosts,
    access,
    home,
    showLog,
  };
  // The code of the commands is loaded with the first one.
  const callCommand: CallCommand = async (id, argument) => {
    const { commandCaller } = await import("./commands/commandTable.ts");
    const added = features.map(({ commands }) => commands);
    await commandCaller(commandContext, added)(id, argument);
  };
  for (const feature of features) {
    const running = feature.start?.();
    if (running !== undefined) {
      store.add(running);
    }
  }
  void terminals.offerAgain();
  return {
    api: new SessionsApi(service, forwards, resolver, terminals, access),
    profiles,
    callCommand,
    dispose: () => store.dispose(),
  };
}

/** A failure occurs again for the terminal, which reports it. */
async function loadTerminals(): Promise<void> {
  try {
    await import("./terminals/sshPseudoterminal.ts");
  } catch {}
}
