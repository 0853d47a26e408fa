import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { hoverText } from "../messages/messages.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { Coalescer } from "./coalescer.ts";
import { statusBarText } from "./statusBarText.ts";

const refreshDelay = 100;
/** Milliseconds between two values of a countdown. */
const tickInterval = 1000;

/**
 * The number of live sessions, and whether lost ones reconnect; hidden while there is no connection. A click opens
 * the Live view.
 */
export class StatusBar implements Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  readonly #service: SessionService;
  readonly #clock: Clock;
  #tick: Disposable | undefined;

  constructor(service: SessionService, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.#item = this.#store.add(
      vscode.window.createStatusBarItem("sshSessions.count", vscode.StatusBarAlignment.Left, 10),
    );
    this.#item.name = "SSH Sessions";
    this.#item.command = `${viewIds.live}.focus`;
    const refresh = this.#store.add(new Coalescer(clock, refreshDelay, () => this.#update()));
    this.#store.add(service.onDidChange(() => refresh.request()));
    this.#update();
  }

  dispose(): void {
    this.#tick?.dispose();
    this.#store.dispose();
  }

  #update(): void {
    this.#tick?.dispose();
    this.#tick = undefined;
    const shown = statusBarText(this.#service.masters(), this.#clock.now());
    if (shown === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.text = shown.text;
    this.#item.tooltip = hoverText(shown.tooltip);
    this.#item.backgroundColor = shown.warning
      ? new vscode.ThemeColor("statusBarItem.warningBackground")
      : undefined;
    this.#item.accessibilityInformation = { label: shown.accessibleLabel };
    this.#item.show();
    if (shown.counting) {
      this.#tick = this.#clock.setTimeout(() => this.#update(), tickInterval);
    }
  }
}
