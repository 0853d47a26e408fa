import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { shownText } from "../../text/plainMessage.ts";

/** Milliseconds between two questions whether a message is still true. */
const lookEvery = 1000;

/** A message, and one action. */
export interface PassingMessage {
  readonly text: string;
  readonly action: string;
  /** Seconds in which its bar fills. */
  readonly seconds: number;
  readonly isTrue: () => boolean;
}

/**
 * Notifications that vanish when they are no longer true. VS Code can't withdraw a message with buttons, but it ends
 * one that shows progress, and that one has no buttons of its own: the action is a link in it.
 */
export class PassingMessages implements Disposable {
  readonly #clock: Clock;
  /** Not in package.json: only the links call it, each with a number that nobody else knows. */
  readonly #command = "_sshSessions.answer";
  readonly #open = new Map<string, (isChosen: boolean) => void>();
  readonly #registration: Disposable;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#registration = vscode.commands.registerCommand(this.#command, (id: unknown) =>
      this.#open.get(String(id))?.(true),
    );
  }

  /** Resolves to whether the action was chosen. */
  async show({ text, action, seconds, isTrue }: PassingMessage): Promise<boolean> {
    const id = randomBytes(16).toString("hex");
    const link = `[${shownText(action)}](command:${this.#command}?${encodeURIComponent(JSON.stringify([id]))})`;
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `${shownText(text)} ${link}` },
      (progress) =>
        new Promise<boolean>((resolve) => {
          let timer: Disposable | undefined;
          const end = (isChosen: boolean): void => {
            timer?.dispose();
            this.#open.delete(id);
            resolve(isChosen);
          };
          const look = (): void => {
            if (isTrue()) {
              progress.report({ increment: (100 * lookEvery) / (1000 * seconds) });
              timer = this.#clock.setTimeout(look, lookEvery);
            } else {
              end(false);
            }
          };
          this.#open.set(id, end);
          look();
        }),
    );
  }

  dispose(): void {
    this.#registration.dispose();
    for (const end of [...this.#open.values()]) {
      end(false);
    }
  }
}
