import type { LoginMemory } from "../../auth/loginMemory.ts";
import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import type { RemoteViewService } from "../../remote/remoteViewService.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { KnownHostsStorage } from "../../trust/knownHostsStorage.ts";
import type { DetailsPanels } from "../documents/detailsPanels.ts";
import type { HostDocuments } from "../documents/hostDocuments.ts";
import type { KnownKeyDocuments } from "../documents/knownKeyDocuments.ts";
import type { RunDocuments } from "../documents/runDocuments.ts";
import type { TimeoutDocuments } from "../documents/timeoutDocuments.ts";
import type { ConfigNotices } from "../prompts/configNotices.ts";
import type { ErrorPresenter } from "../prompts/errorPresenter.ts";
import type { ExtensionAccess } from "../prompts/extensionAccess.ts";
import type { HostPick } from "../prompts/hostPick.ts";
import type { LivePick } from "../prompts/livePick.ts";
import type { VscodeSecretStore } from "../prompts/vscodeSecretStore.ts";
import type { RemoteAccesses } from "../serverView/remoteAccess.ts";
import type { RemotePolling } from "../serverView/remotePolling.ts";
import type { ViewId } from "../settings/contributionIds.ts";
import type { RecentHosts } from "../settings/recentHosts.ts";
import type { TerminalRegistry } from "../terminals/terminalRegistry.ts";
import type { FocusedRow } from "../views/focusedRow.ts";
import type { HostList } from "../views/hostList.ts";
import type { RowFilter } from "../views/rowFilter.ts";

/** The services for commands. Those of a feature are available to its own commands only (`vscode/features/`). */
export interface CommandContext {
  readonly service: SessionService;
  /** What others lose when these connections end, as sentences. */
  losses(masterIds: readonly string[]): readonly string[];
  readonly resolver: HostResolver;
  readonly settings: SettingsPort & { readonly confirmsDisconnect: boolean };
  readonly policies: HostPolicies;
  readonly secrets: VscodeSecretStore;
  readonly loginMemory: LoginMemory;
  readonly terminals: TerminalRegistry;
  readonly hostPick: HostPick;
  readonly livePick: LivePick;
  readonly hosts: HostList;
  readonly filter: RowFilter;
  readonly focusedRows: Readonly<Record<ViewId, FocusedRow>>;
  readonly presenter: ErrorPresenter;
  readonly notices: ConfigNotices;
  readonly recent: RecentHosts;
  readonly details: DetailsPanels;
  readonly runDocuments: RunDocuments;
  readonly remoteView: RemoteViewService;
  readonly remotePolling: RemotePolling;
  readonly remoteAccess: RemoteAccesses;
  readonly timeoutDocuments: TimeoutDocuments;
  readonly hostDocuments: HostDocuments;
  readonly knownKeyDocuments: KnownKeyDocuments;
  readonly knownHosts: KnownHostsStorage;
  readonly access: ExtensionAccess;
  readonly home: string;
  showLog(): void;
}
