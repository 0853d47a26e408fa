import * as vscode from "vscode";
import type { SettingsFolder } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import { copyQuestion, copyWord } from "../../text/remoteClipboardText.ts";
import { showMessage } from "../messages/messages.ts";

interface CopyingHost {
  readonly host: string;
  readonly alias: string;
}

/** Text that programs on servers copy to the clipboard (OSC 52), as far as the settings of their host allow it. */
export class RemoteClipboard {
  readonly #policies: HostPolicies;
  /** Hosts with an open question: further text from them is dropped meanwhile. */
  readonly #asking = new Set<string>();
  /** The newest text while another one is being written. */
  #next: string | undefined;
  #writing = false;

  constructor(policies: HostPolicies) {
    this.#policies = policies;
  }

  /** Bytes; 0: nothing. */
  limit(host: CopyingHost, folder: SettingsFolder | undefined): number {
    return this.#policies.get("clipboardWrite", host, folder).value === "off"
      ? 0
      : this.#policies.get("clipboardLimit", host, folder).value * 1000;
  }

  copy(text: string, host: CopyingHost, folder: SettingsFolder | undefined): void {
    const policy = this.#policies.get("clipboardWrite", host, folder).value;
    if (policy === "on") {
      void this.#write(text);
    } else if (policy === "ask") {
      void this.#ask(text, host.host);
    }
  }

  async #ask(text: string, host: string): Promise<void> {
    if (this.#asking.has(host)) {
      return;
    }
    this.#asking.add(host);
    try {
      const answer = await showMessage("information", copyQuestion(text, host), {}, copyWord());
      if (answer === copyWord()) {
        await this.#write(text);
      }
    } finally {
      this.#asking.delete(host);
    }
  }

  /** One at a time: a program may copy faster than the clipboard can store. */
  async #write(text: string): Promise<void> {
    this.#next = text;
    if (this.#writing) {
      return;
    }
    this.#writing = true;
    try {
      while (this.#next !== undefined) {
        const next = this.#next;
        this.#next = undefined;
        await vscode.env.clipboard.writeText(next);
      }
    } finally {
      this.#writing = false;
    }
  }
}
