import * as vscode from "vscode";
import { systemClock } from "./base/clock.ts";
import { type Disposable, DisposableStore } from "./base/disposable.ts";
import { onUnexpectedError } from "./base/guarded.ts";
import { useTranslations } from "./base/localize.ts";
import { configEnvironment } from "./config/configEnvironment.ts";
import { createHostResolver } from "./config/hostResolver.ts";
import { createSshStack } from "./sshStack.ts";
import { channelLogger, channelVerbosity } from "./vscode/channelLogger.ts";
import { HostKeyDocuments } from "./vscode/documents/hostKeyDocuments.ts";
import { EditorRidingConsent } from "./vscode/prompts/editorRidingConsent.ts";
import { PromptQueue } from "./vscode/prompts/promptQueue.ts";
import { VscodeAuthPrompter } from "./vscode/prompts/vscodeAuthPrompter.ts";
import { VscodeHostKeyPrompter } from "./vscode/prompts/vscodeHostKeyPrompter.ts";
import { VscodeSecretStore } from "./vscode/prompts/vscodeSecretStore.ts";
import { EndedMemory } from "./vscode/settings/endedMemory.ts";
import { EngineMemory } from "./vscode/settings/engineMemory.ts";
import { VscodeSettings } from "./vscode/settings/vscodeSettings.ts";
import { terminalsAreHere } from "./vscode/terminals/terminalsAreHere.ts";
import { workspaceId } from "./vscode/terminals/workspaceId.ts";
import { createVscodeLayer, type EntryCalls } from "./vscode/vscodeLayer.ts";

export interface Whole extends Disposable, EntryCalls {
  /** Disposes it, and resolves when the process may end. */
  leave(): Promise<void>;
}

/** Builds the extension by hand, from the bottom layer up. Disposing it ends every connection. */
export function compose(context: vscode.ExtensionContext): Whole {
  // VS Code has already read the bundle of its display language; for English there is none.
  useTranslations(vscode.l10n.bundle);
  const store = new DisposableStore();
  const clock = systemClock;
  const home = configEnvironment().homedir;
  const channel = store.add(vscode.window.createOutputChannel("SSH Sessions", { log: true }));
  const verbosity = channelVerbosity(channel, store);
  const logger = channelLogger(channel, verbosity);
  store.add(onUnexpectedError((error) => logger.error("Unexpected error in a callback", error)));
  const settings = store.add(new VscodeSettings(vscode));
  const secrets = new VscodeSecretStore(context.secrets, context.globalState);
  const engineMemory = new EngineMemory(context.globalState);
  const prompts = new PromptQueue();
  const resolver = store.add(createHostResolver({ settings, clock, logger }));
  const ended = store.add(new EndedMemory(context.workspaceState, clock, home));
  const stack = store.add(
    createSshStack({
      clock,
      logger,
      settings,
      resolver,
      authPrompter: new VscodeAuthPrompter(prompts, home),
      hostKeyPrompter: new VscodeHostKeyPrompter(prompts, store.add(new HostKeyDocuments()), home),
      secrets,
      needsOpenSsh: ({ alias }) => engineMemory.usesOpenSsh(alias),
      sharesWithWindows: () => settings.sharesWithWindows,
      userMasters: {
        paths: resolver,
        consent: new EditorRidingConsent(
          settings,
          prompts,
          context.globalState,
          context.globalStorageUri.fsPath,
        ),
      },
      endedStorage: ended,
      windowName: () => vscode.workspace.name ?? "",
      workspace: workspaceId(context.workspaceState),
      keeper: {
        isOn: () => settings.keepsTerminals,
        staysAfterLogout: () => settings.keepsAfterLogout,
        build: buildOf(context),
      },
    }),
  );
  const layer = store.add(
    createVscodeLayer({
      ...stack,
      resolver,
      settings,
      secrets,
      engineMemory,
      channel,
      verbosity,
      logger,
      clock,
      memento: context.globalState,
      prompts,
      workspaceMemento: context.workspaceState,
      extensionUri: context.extensionUri,
      sharing: {
        environment: context.environmentVariableCollection,
        storage: context.globalStorageUri.fsPath,
        terminalsAreHere: terminalsAreHere(context.extension.extensionKind),
      },
      home,
    }),
  );
  const { api, profiles, callCommand } = layer;
  const leave = async (): Promise<void> => {
    store.dispose();
    await stack.leave();
  };
  return { api, profiles, callCommand, dispose: () => store.dispose(), leave };
}

/** Windows of different builds may mean different things by what they say to the keeper. */
function buildOf({ extension }: vscode.ExtensionContext): string {
  const { version }: { readonly version: string } = extension.packageJSON;
  return version;
}
