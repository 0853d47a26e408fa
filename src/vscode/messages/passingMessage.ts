import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { shownText } from "../../text/plainMessage.ts";

/** Milliseconds between two questions whether a message is still true. */
const lookEvery = 1000;

/** Seconds for which an offer stays, if a row offers the same after that. */
const offeredFor = 120;

/** A message with actions. */
export interface PassingMessage {
  readonly text: string;
  readonly actions: readonly string[];
  /** Follows the actions: only the first line shows until the user expands the message. */
  readonly detail?: string;
  /** Seconds in which its bar fills. */
  readonly seconds: number;
  /** With all of its lines, and a button Cancel, which closes it. */
  readonly isWhole?: boolean;
  /** Asked every second, also when the bar is full. */
  readonly isTrue: () => boolean;
}

/**
 * Notifications that vanish when they are no longer true. VS Code can't withdraw a message with buttons, but it ends
 * one that shows progress, and that one has no buttons of its own: the actions are links in it.
 */
export class PassingMessages implements Disposable {
  readonly #clock: Clock;
  /** Not in package.json: only the links call it, each with a number that nobody else knows. */
  readonly #command = "_sshSessions.answer";
  readonly #links = new Map<string, () => void>();
  readonly #open = new Set<() => void>();
  readonly #registration: Disposable;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#registration = vscode.commands.registerCommand(this.#command, (id: unknown) =>
      this.#links.get(String(id))?.(),
    );
  }

  /** Resolves to the chosen action. Undefined: the message was closed, or no longer true. */
  async show({
    text,
    actions,
    detail,
    seconds,
    isWhole,
    isTrue,
  }: PassingMessage): Promise<string | undefined> {
    const links = actions.map((action) => ({ action, id: randomBytes(16).toString("hex") }));
    const marked = links.map(
      ({ action, id }) =>
        `[${shownText(action)}](command:${this.#command}?${encodeURIComponent(JSON.stringify([id]))})`,
    );
    const shown = [
      shownText(text),
      // Two links without anything between them read like one.
      ...(marked.length === 0 ? [] : [marked.join(" · ")]),
      ...(detail === undefined ? [] : [shownText(detail)]),
    ];
    return await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: shown.join(" "),
        cancellable: isWhole === true,
      },
      (progress, token) =>
        new Promise<string | undefined>((resolve) => {
          let timer: Disposable | undefined;
          const end = (chosen?: string): void => {
            timer?.dispose();
            closed.dispose();
            this.#open.delete(end);
            for (const { id } of links) {
              this.#links.delete(id);
            }
            resolve(chosen);
          };
          const look = (): void => {
            if (isTrue()) {
              progress.report({ increment: (100 * lookEvery) / (1000 * seconds) });
              timer = this.#clock.setTimeout(look, lookEvery);
            } else {
              end();
            }
          };
          const closed = token.onCancellationRequested(() => end());
          this.#open.add(end);
          for (const { action, id } of links) {
            this.#links.set(id, () => end(action));
          }
          look();
        }),
    );
  }

  /** For two minutes, a message that offers what a row offers, too. @param isTrue as in `show` */
  async offer(message: Omit<PassingMessage, "seconds">): Promise<string | undefined> {
    const endsAt = this.#clock.monotonic() + offeredFor * 1000;
    return await this.show({
      ...message,
      seconds: offeredFor,
      isTrue: () => this.#clock.monotonic() < endsAt && message.isTrue(),
    });
  }

  dispose(): void {
    this.#registration.dispose();
    for (const end of [...this.#open]) {
      end();
    }
  }
}
