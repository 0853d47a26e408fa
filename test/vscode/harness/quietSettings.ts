/** Nothing that moves, asks, offers help or fetches: what is left is the extension and what it stands on. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.startupEditor": "none",
  // A terminal that takes the focus late must not close the palette.
  "workbench.quickOpen.closeOnFocusLost": false,
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.layoutControl.enabled": false,
  "workbench.reduceMotion": "on",
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "remote.autoForwardPorts": false,
  // Its question comes with the first connection beside a terminal.
  "sshSessions.sharing.programs": "off",
  "telemetry.telemetryLevel": "off",
  "terminal.integrated.initialHint": false,
  "terminal.integrated.cursorBlinking": false,
  "terminal.integrated.suggest.enabled": false,
  "update.showReleaseNotes": false,
  // Says "Extension Development Host", and takes room.
  "window.commandCenter": false,
  "window.restoreWindows": "none",
};
