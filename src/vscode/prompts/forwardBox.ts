import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import type { ForwardSpec } from "../../config/forwardSpec.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { shownText } from "../../text/plainMessage.ts";
import { plainItem } from "../messages/messages.ts";
import type { ForwardMemory } from "../settings/forwardMemory.ts";
import { type ForwardChoice, forwardChoices } from "./forwardChoices.ts";

interface ForwardItem extends vscode.QuickPickItem {
  readonly choice: ForwardChoice;
}

/** Asks for a forward: any kind is typed in one box, which shows its effect, or what is missing. */
export class ForwardBox {
  readonly #resolver: HostResolver;
  readonly #forwards: Pick<ForwardService, "forwards">;
  readonly #memory: Pick<ForwardMemory, "typed" | "add" | "forget">;

  constructor(
    resolver: HostResolver,
    forwards: Pick<ForwardService, "forwards">,
    memory: Pick<ForwardMemory, "typed" | "add" | "forget">,
  ) {
    this.#resolver = resolver;
    this.#forwards = forwards;
    this.#memory = memory;
  }

  /** @returns undefined when it was dismissed. */
  async ask(host: string): Promise<ForwardSpec | undefined> {
    const pick = vscode.window.createQuickPick<ForwardItem>();
    // We define the order: see HostPick.
    Object.assign(pick, { sortByLabel: false });
    pick.title = shownText(t("Forward a Port of {0}", printable(host)));
    pick.placeholder = t("8080, 8080:db:5432, unix:/path, -R 8080:localhost:80, -D 1080");
    let configured: readonly ForwardSpec[] = [];
    const render = (): void => {
      const existing = this.#forwards.forwards().filter((forward) => forward.host === host);
      const earlier = this.#memory.typed(host);
      pick.items = forwardChoices(pick.value, host, configured, earlier, existing).map((choice) => ({
        ...plainItem({ label: choice.label, detail: choice.detail }),
        iconPath: new vscode.ThemeIcon(choice.icon),
        alwaysShow: true,
        ...(choice.isTyped === true && {
          buttons: [{ iconPath: new vscode.ThemeIcon("close"), tooltip: t("Remove from this list") }],
        }),
        choice,
      }));
    };
    const answer = new Promise<ForwardSpec | undefined>((resolve) => {
      let chosen: ForwardSpec | undefined;
      pick.onDidAccept(() => {
        const choice = pick.selectedItems[0]?.choice;
        if (choice?.spec !== undefined) {
          chosen = choice.spec;
          this.#memory.add(host, chosen);
          pick.hide();
        } else if (choice?.completion !== undefined) {
          pick.value = choice.completion;
          render();
        }
      });
      pick.onDidTriggerItemButton(({ item: { choice } }) => {
        if (choice.spec !== undefined) {
          this.#memory.forget(host, choice.spec);
          render();
        }
      });
      pick.onDidHide(() => resolve(chosen));
    });
    pick.onDidChangeValue(render);
    render();
    pick.show();
    try {
      const config = await this.#resolver.resolve(host).catch(() => undefined);
      configured = config?.forwarding.forwards.map(({ spec }) => spec) ?? [];
      render();
      return await answer;
    } finally {
      pick.dispose();
    }
  }
}
