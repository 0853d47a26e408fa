/**
 * Every identifier that `package.json` and the code share. A unit test compares both, and fails for an id that is
 * only in one place. It imports nothing, so that the test needs no VS Code.
 */

export const extensionId = "ssh-sessions.ssh-sessions";

export const configurationSection = "sshSessions";

/** Ids of the two views. */
export const viewIds = { live: "sshSessions.live", hosts: "sshSessions.hosts" } as const;

export type ViewId = (typeof viewIds)[keyof typeof viewIds];

export const viewContainerId = "sshSessions";

/** The key of the open terminals in the workspace's storage. */
export const openTerminalsKey = "openTerminals";

/** In the workspace's memento: see `workspaceId`. */
export const workspaceIdKey = "workspaceId";

/** The key of the ended sessions in the workspace's storage. */
export const endedSessionsKey = "endedSessions";

/** The key of the forwards that the user started by hand, in the workspace's storage. */
export const openForwardsKey = "openForwards";

/** Its `when` prevents VS Code from opening it after the installation (gettingStartedService.ts). */
export const walkthroughId = "firstSteps";

export const terminalProfileId = "sshSessions.terminal";

/** A command's id and name. package.json has all of them. */
export type CommandId = `${typeof configurationSection}.${string}`;

/** Keys below `sshSessions.`. Those of per-host values are in `config/hostPolicies.ts`. */
export const settingKeys = {
  reopenTerminals: "reopenTerminals",
  terminalTitle: "terminalTitle",
  sharingPrograms: "sharing.programs",
  sharingWindows: "sharing.windows",
  sharingUserMasters: "sharing.ownMasters",
  sharingEverywhere: "sharing.everywhere",
  keeper: "keeper",
  keeperAfterLogout: "keeperAfterLogout",
  hosts: "hosts",
  profileHosts: "profileHosts",
  confirmDisconnect: "confirmDisconnect",
  groupHostsByFile: "groupHostsByFile",
  configFile: "configFile",
} as const;

/**
 * Settings whose value in an untrusted workspace counts, each with the reason why it can't run, connect, weaken or
 * end anything. All others are in `restrictedConfigurations` of package.json; a test finds a setting that is in
 * neither.
 */
export const harmlessSettings: Readonly<Record<string, string>> = {};

/** @param key below `sshSessions.` */
export function isHarmlessSetting(key: string): boolean {
  return Object.hasOwn(harmlessSettings, key);
}

/** Context keys for `when` clauses, set with `setContext`. */
export const contextKeys = {
  /** The Hosts view lists at least one host. */
  hasHosts: "sshSessions.hasHosts",
  /** The hosts have been read: an empty list is not just an early one. */
  hostsAreRead: "sshSessions.hostsAreRead",
  hasMasters: "sshSessions.hasMasters",
  hasSessions: "sshSessions.hasSessions",
  hasEnded: "sshSessions.hasEnded",
  /** A session that is open has a limit. */
  hasLimits: "sshSessions.hasLimits",
  /** A terminal's session is open; two are, on one connection. */
  hasOpenTerminal: "sshSessions.hasOpenTerminal",
  sharesConnection: "sshSessions.sharesConnection",
  canReconnect: "sshSessions.canReconnect",
  isReconnecting: "sshSessions.isReconnecting",
  /** The active terminal is ours; there is one of ours. */
  activeTerminal: "sshSessions.activeTerminal",
  hasTerminals: "sshSessions.hasTerminals",
  hasTerminalsBefore: "sshSessions.hasTerminalsBefore",
  /** The views are filtered. */
  isFiltered: "sshSessions.isFiltered",
  /** The extension is in use in this window. */
  loaded: "sshSessions.loaded",
} as const;

/**
 * `contextValue` of tree items: words separated by spaces, matched in `when` clauses as
 * `viewItem =~ /\bword\b/`. Those of one kind of row are in its `…Presentation.ts`.
 */
export const contextWords = {
  master: "master",
  session: "session",
  host: "host",
  /** A typed host that is not listed anywhere, and the fold of them. */
  typed: "typed",
  recentHosts: "recentHosts",
  /** A group of hosts. */
  hostGroup: "hostGroup",
  /** A problem in a file. */
  problem: "problem",
  /** There is a connection to end. */
  live: "live",
  /** The connection has ended; the row shows why. */
  ended: "ended",
  /** The connection has ended, and terminals wait for another one. */
  reconnecting: "reconnecting",
  /** The connection does not respond, and has sessions. */
  silent: "silent",
  /** The row of terminals from before the window reloaded. */
  before: "before",
  /** The fold of ended sessions, and one of them. */
  history: "history",
  endedSession: "endedSession",
  /** A connection whose server logins are not shown yet. */
  loginsHidden: "loginsHidden",
  /** The fold of a server's logins, one login, and a row that says what is missing. */
  onServer: "onServer",
  remoteSession: "remoteSession",
  remoteNote: "remoteNote",
  /** The fold is open. */
  open: "open",
  /** A process of it can be signalled. */
  killable: "killable",
  /** The session has a limit that can be extended. */
  limited: "limited",
  /** The session has a terminal tab. */
  terminal: "terminal",
  /** The host is in a file. */
  file: "file",
} as const;
