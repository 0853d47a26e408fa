import { join } from "node:path";
import type * as vscode from "vscode";
import type { RidingConsent } from "../../share/userMasterPorts.ts";
import { ridingQuestion } from "../../text/userMasterText.ts";
import { showMessage } from "../messages/messages.ts";
import { HostAnswerFile } from "../settings/hostAnswerFile.ts";
import { HostAnswers } from "../settings/hostAnswers.ts";
import type { VscodeSettings } from "../settings/vscodeSettings.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** The setting, and the answers of the user for the hosts. */
export class EditorRidingConsent implements RidingConsent {
  readonly #settings: Pick<VscodeSettings, "sharesUserMasters">;
  readonly #prompts: PromptQueue;
  readonly #answers: HostAnswerFile;
  readonly #isPossible: boolean;

  /** @param storage a folder for files of all windows */
  constructor(
    settings: Pick<VscodeSettings, "sharesUserMasters">,
    prompts: PromptQueue,
    memento: Pick<vscode.Memento, "get" | "update">,
    storage: string,
    platform: NodeJS.Platform = process.platform,
  ) {
    this.#settings = settings;
    this.#prompts = prompts;
    const before = new HostAnswers(memento, { yes: "sshMasterHosts", no: "noSshMasterHosts" });
    this.#answers = new HostAnswerFile(join(storage, "ssh-connections.jsonl"), before);
    // OpenSSH for Windows has no ControlMaster.
    this.#isPossible = platform !== "win32";
  }

  get isOff(): boolean {
    return !this.#isPossible || this.#settings.sharesUserMasters === "never";
  }

  async choiceFor(host: string): Promise<boolean | undefined> {
    return this.isOff
      ? false
      : this.#settings.sharesUserMasters === "always"
        ? true
        : await this.#answers.choiceFor(host);
  }

  async ask(host: string, pid: number, signal: AbortSignal): Promise<boolean | undefined> {
    const { message, detail, yes, no } = ridingQuestion(host, pid);
    const answer = await this.#prompts.ask(
      async () => await showMessage("information", message, { modal: true, detail }, yes, no),
      signal,
    );
    const use = answer === yes ? true : answer === no ? false : undefined;
    if (use !== undefined) {
      await this.#answers.remember(host, use);
    }
    return use;
  }

  async remember(host: string, use: boolean): Promise<void> {
    await this.#answers.remember(host, use);
  }
}
