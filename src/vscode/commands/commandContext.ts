import type { LoginMemory } from "../../auth/loginMemory.ts";
import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import type { RemoteViewService } from "../../remote/remoteViewService.ts";
import type { SessionService } from "../../session/sessionTypes.ts";
import type { ErrorPresenter } from "../errorPresenter.ts";
import type { HostPick } from "../hostPick.ts";
import type { HostsTree } from "../hostsTree.ts";
import type { LivePick } from "../livePick.ts";
import type { RecentHosts } from "../recentHosts.ts";
import type { RemoteAccesses } from "../remoteAccess.ts";
import type { RemotePolling } from "../remotePolling.ts";
import type { RunDocuments } from "../runDocuments.ts";
import type { SessionDetailsDocuments } from "../sessionDetailsDocument.ts";
import type { TerminalRegistry } from "../terminalRegistry.ts";
import type { TimeoutDocuments } from "../timeoutDocuments.ts";
import type { VscodeSecretStore } from "../vscodeSecretStore.ts";

/** What the commands work with. */
export interface CommandContext {
  readonly service: SessionService;
  readonly resolver: HostResolver;
  readonly settings: SettingsPort;
  readonly secrets: VscodeSecretStore;
  readonly loginMemory: LoginMemory;
  readonly terminals: TerminalRegistry;
  readonly hostPick: HostPick;
  readonly livePick: LivePick;
  readonly hostsTree: HostsTree;
  readonly presenter: ErrorPresenter;
  readonly recent: RecentHosts;
  readonly details: SessionDetailsDocuments;
  readonly runDocuments: RunDocuments;
  readonly remoteView: RemoteViewService;
  readonly remotePolling: RemotePolling;
  readonly remoteAccess: RemoteAccesses;
  readonly timeoutDocuments: TimeoutDocuments;
  readonly home: string;
  showLog(): void;
}

/** `argument`: the tree item, or whatever a key binding passes. */
export type CommandHandler = (context: CommandContext, argument: unknown) => Promise<void>;
