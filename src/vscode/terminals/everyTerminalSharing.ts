import * as vscode from "vscode";
import { raceSignal } from "../../base/deadline.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import { configEnvironment } from "../../config/configEnvironment.ts";
import { configFileOf } from "../../config/configFileSetting.ts";
import type { ConfigLine } from "../../gateway/configLine.ts";
import type { Outlet } from "../../share/outlet.ts";
import type { ProgramSharing } from "../../share/programSharing.ts";
import {
  everyTerminalFailed,
  everyTerminalOff,
  everyTerminalOn,
  everyTerminalQuestion,
  everyTerminalUnavailable,
} from "../../text/everyTerminalText.ts";
import { ConfigDiff } from "../documents/configDiff.ts";
import { inform, showMessage, warn } from "../messages/messages.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";
import { configurationSection, settingKeys } from "../settings/contributionIds.ts";
import type { VscodeSettings } from "../settings/vscodeSettings.ts";

export interface EveryTerminalSharingInit {
  readonly programs: ProgramSharing;
  readonly settings: VscodeSettings;
  readonly logger: Logger;
  readonly messages: PassingMessages;
  /** `context.globalState`. */
  readonly memento: vscode.Memento;
}

/** Set where this extension made the ssh_config: taking the line out then deletes the file. */
const madeKey = "madeSshConfig";

/** Lets every `ssh` of the user use our connections, as `sshSessions.sharing.everywhere` says. */
export class EveryTerminalSharing implements Disposable {
  readonly #init: EveryTerminalSharingInit;
  readonly #store = new DisposableStore();
  readonly #diff = this.#store.add(new ConfigDiff());
  readonly #disposed = new AbortController();
  /** Withdraws the question that is open. */
  #asking = new AbortController();
  #asked: Promise<void> = Promise.resolve();
  /** What the outlet was made for; undefined: nothing was done yet. */
  #done: string | undefined;
  #outlet: Outlet | undefined;
  /** The message that it is on may be shown. */
  #isOnTold = false;
  #work: Promise<void> = Promise.resolve();

  constructor(init: EveryTerminalSharingInit) {
    this.#init = init;
  }

  /** Begins to follow the setting. */
  start(): Disposable {
    this.#store.add(this.#init.settings.onDidChange(() => this.#update()));
    this.#update();
    return this;
  }

  dispose(): void {
    this.#disposed.abort();
    this.#store.dispose();
  }

  /** Shows the line, and adds it after a yes. */
  async ask(): Promise<void> {
    await this.#reporting(async (signal) => {
      const line = await this.#line();
      if (line === undefined) {
        warn(everyTerminalUnavailable());
        return;
      }
      const change = await line.toAdd();
      if (change === undefined) {
        await this.#turnOnIfOff("lasting");
        this.#tellOn();
        return;
      }
      const close = await this.#diff.show(change);
      try {
        const { message, lasting, all } = everyTerminalQuestion(
          printable(change.path),
          this.#ownFile() !== undefined,
        );
        const question = showMessage("information", message, {}, lasting, all);
        const answer = await raceSignal(question, signal).catch(() => undefined);
        if (answer === lasting || answer === all) {
          await line.apply(change);
          await this.#init.memento.update(madeKey, change.before === undefined ? change.path : undefined);
          await this.#set(answer === all ? "all" : "lasting");
          this.#tellOn();
        }
      } finally {
        await close();
      }
    });
  }

  /** Takes the line out, and turns the setting off. */
  async takeOut(): Promise<void> {
    await this.#reporting(async () => {
      const line = await this.#line();
      if (line === undefined) {
        warn(everyTerminalUnavailable());
        return;
      }
      const change = await line.toRemove();
      if (change !== undefined) {
        await line.apply(change, this.#init.memento.get(madeKey) === change.path);
      }
      await this.#init.memento.update(madeKey, undefined);
      await this.#set("off");
      this.#update();
      await this.#work;
      await this.#tidy();
      this.#isOnTold = false;
      const programs = this.#init.settings.sharesWithPrograms === "on";
      inform(everyTerminalOff(printable(this.#configFile()), programs));
    });
  }

  /**
   * Not in the queue of prompts: a notification may stay open for hours, and questions of logins must not wait for it.
   * The next command takes its place.
   */
  async #reporting(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#asking.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const before = this.#asked;
    this.#asked = (async () => {
      await before;
      try {
        await work(AbortSignal.any([asking.signal, this.#disposed.signal]));
      } catch (error) {
        warn(everyTerminalFailed(printable(asError(error).message)));
      }
    })();
    await this.#asked;
  }

  /** The user's ssh_config. */
  #configFile(): string {
    const environment = configEnvironment();
    return configFileOf(this.#init.settings, environment) || environment.userFile;
  }

  /** Undefined: there can be no line. */
  async #line(): Promise<ConfigLine | undefined> {
    const path = this.#configFile();
    if (process.platform === "win32" || path.toLowerCase() === "none") {
      return undefined;
    }
    const { ConfigLine: Line } = await import("../../gateway/configLine.ts");
    return new Line({ path, home: configEnvironment().homedir });
  }

  /** Removes the files that nobody needs any more. Each window does so: the last one finds no others. */
  async #tidy(): Promise<void> {
    const line = await this.#line();
    if (line !== undefined) {
      const { EveryTerminal } = await import("../../gateway/everyTerminal.ts");
      await EveryTerminal.tidy(line.includes);
    }
  }

  /** For as long as it is true. */
  #tellOn(): void {
    this.#isOnTold = true;
    void this.#init.messages.offer({
      text: everyTerminalOn(this.#ownFile()),
      actions: [],
      isTrue: () => this.#isOnTold && this.#init.settings.sharesEverywhere !== "off",
    });
  }

  /** The file of the setting, printable. Undefined: that of the user, which each `ssh` reads. */
  #ownFile(): string | undefined {
    const file = configFileOf(this.#init.settings, configEnvironment());
    return file === "" ? undefined : printable(file);
  }

  async #turnOnIfOff(value: "lasting" | "all"): Promise<void> {
    if (this.#init.settings.sharesEverywhere === "off") {
      await this.#set(value);
    }
  }

  async #set(value: "off" | "lasting" | "all"): Promise<void> {
    await vscode.workspace
      .getConfiguration(configurationSection)
      .update(settingKeys.sharingEverywhere, value, vscode.ConfigurationTarget.Global);
  }

  #update(): void {
    const { settings } = this.#init;
    const mode = process.platform === "win32" ? "off" : settings.sharesEverywhere;
    const wanted = mode === "off" ? "off" : `${mode} ${this.#configFile()}`;
    if (wanted === this.#done || this.#disposed.signal.aborted) {
      return;
    }
    const isChange = this.#done !== undefined;
    this.#done = wanted;
    this.#work = this.#work.then(async () => {
      try {
        if (this.#outlet !== undefined) {
          await this.#init.programs.close(this.#outlet);
          this.#outlet = undefined;
        }
        const line = mode === "off" ? undefined : await this.#line();
        if (mode === "off" || line === undefined) {
          if (isChange) {
            await this.#tidy();
          }
          return;
        }
        const { EveryTerminal } = await import("../../gateway/everyTerminal.ts");
        const configFile = configFileOf(settings, configEnvironment());
        const { logger } = this.#init;
        const outlet = new EveryTerminal({ mode, includes: line.includes, configFile, logger });
        await this.#init.programs.open(outlet);
        this.#outlet = outlet;
        // The setting was changed by hand: without the line it would have no effect.
        if (isChange && vscode.window.state.focused && (await line.toAdd()) !== undefined) {
          void this.ask();
        }
      } catch (error) {
        const why = printable(asError(error).message);
        this.#init.logger.warn(`Other terminals can't use the connections: ${why}`);
        warn(everyTerminalFailed(why));
      }
    });
  }
}
