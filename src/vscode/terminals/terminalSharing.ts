import { join } from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import type { ProgramSharing } from "../../share/programSharing.ts";
import { installWrapper, wrapperVariables } from "../../share/wrapperScripts.ts";
import { sharingDescription, sharingFailed, sharingQuestion } from "../../text/programText.ts";
import { warn } from "../messages/messages.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import type { VscodeSettings } from "../settings/vscodeSettings.ts";

export interface TerminalSharingInit {
  readonly programs: ProgramSharing;
  readonly service: SessionService;
  readonly settings: VscodeSettings;
  readonly logger: Logger;
  readonly messages: PassingMessages;
  /** The environment of all terminals and tasks. */
  readonly environment: vscode.EnvironmentVariableCollection;
  /** A folder of this extension that stays the same in all its versions. */
  readonly storage: string;
  /** The terminals run on the computer of this process, where its sockets are. */
  readonly terminalsAreHere: boolean;
}

/** Seconds in which the bar of the question fills. It stays until it is answered or closed. */
const shownFor = 300;

/** Lets programs in the editor's terminals and tasks use our connections, as `sshSessions.sharing.programs` says. */
export class TerminalSharing implements Disposable {
  readonly #init: TerminalSharingInit;
  readonly #store = new DisposableStore();
  #isDisposed = false;
  /** What the terminals have; undefined: nothing was done yet. */
  #done: string | undefined;
  #work: Promise<void> = Promise.resolve();
  #asked = false;

  constructor(init: TerminalSharingInit) {
    this.#init = init;
    const { settings, service } = init;
    this.#store.add(settings.onDidChange(() => this.#update()));
    this.#store.add(service.onDidChange(() => this.#askIfUseful()));
    this.#store.add(vscode.window.onDidOpenTerminal(() => this.#askIfUseful()));
    this.#update();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#store.dispose();
  }

  #update(): void {
    const { settings, terminalsAreHere } = this.#init;
    const wanted =
      terminalsAreHere && settings.sharesWithPrograms === "on" ? `on ${settings.configFile}` : "off";
    if (wanted === this.#done || this.#isDisposed) {
      return;
    }
    this.#done = wanted;
    this.#work = this.#work.then(async () => {
      try {
        // Also before it is turned on: another ssh_config has other hosts.
        await this.#init.programs.turnOff();
        if (wanted === "off") {
          this.#init.environment.clear();
        } else {
          await this.#turnOn();
        }
      } catch (error) {
        this.#init.environment.clear();
        const why = printable(asError(error).message);
        this.#init.logger.warn(`Programs in terminals can't use the connections: ${why}`);
        warn(sharingFailed(why));
      }
    });
  }

  async #turnOn(): Promise<void> {
    const { programs, environment, storage } = this.#init;
    const folder = join(storage, "bin");
    await installWrapper(folder);
    const variables = new Map(Object.entries(await programs.turnOn()).filter(([, value]) => value !== ""));
    // Also where shell integration runs, after a login shell has made its own PATH.
    const options = { applyAtProcessCreation: true, applyAtShellIntegration: true };
    environment.description = sharingDescription();
    for (const name of Object.values(wrapperVariables)) {
      const value = variables.get(name);
      if (value === undefined) {
        environment.delete(name);
      } else {
        environment.replace(name, value, options);
      }
    }
    environment.prepend("PATH", `${folder}:`, options);
  }

  /** Once, when it would help: there is a connection, and a terminal that is not one of ours. */
  #askIfUseful(): void {
    const { settings, service, terminalsAreHere } = this.#init;
    const isUseful =
      vscode.window.terminals.some(({ creationOptions }) => !("pty" in creationOptions)) &&
      service.masters().some(({ state }) => state.kind === "ready" || state.kind === "lingering");
    if (this.#asked || !terminalsAreHere || settings.sharesWithPrograms !== "ask" || !isUseful) {
      return;
    }
    this.#asked = true;
    void this.#ask();
  }

  /**
   * Not in the queue of prompts: questions of logins must not wait for it. It vanishes in all windows when one of them
   * has answered, or the user has set the setting.
   */
  async #ask(): Promise<void> {
    const { messages, settings } = this.#init;
    const isOpen = (): boolean => !this.#isDisposed && settings.sharesWithPrograms === "ask";
    const { message, yes, no } = sharingQuestion();
    const answer = await messages.show({
      ...{ text: message, actions: [yes, no], isWhole: true },
      ...{ seconds: shownFor, isTrue: isOpen },
    });
    const value = answer === yes ? "on" : answer === no ? "off" : undefined;
    if (value !== undefined && isOpen()) {
      await vscode.workspace
        .getConfiguration(configurationSection)
        .update(settingKeys.sharingPrograms, value, vscode.ConfigurationTarget.Global);
    }
  }
}
