/** For tests: the extension asks nothing that a test does not expect. The demo shows it as it is. */
export const quietExtension: Readonly<Record<string, unknown>> = {
  // Its question appears with the first connection beside a terminal.
  "sshSessions.sharing.programs": "off",
  // It asks the server over sessions of its own while a terminal is visible.
  "sshSessions.forwards.detect": false,
};

/** No animation, question, help or download: what remains is the extension and the parts that it uses. */
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
  "telemetry.telemetryLevel": "off",
  "terminal.integrated.initialHint": false,
  "terminal.integrated.cursorBlinking": false,
  "terminal.integrated.suggest.enabled": false,
  "update.showReleaseNotes": false,
  // Shows "Extension Development Host", and takes space.
  "window.commandCenter": false,
  "window.restoreWindows": "none",
};
