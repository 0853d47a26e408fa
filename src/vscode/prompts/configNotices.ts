import type * as vscode from "vscode";
import type { Logger } from "../../base/log.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { configNotice, configWarningText } from "../../text/configWarningText.ts";

const key = "configNotices";
/** The number of remembered hosts. */
const limit = 200;

/** Shows once per host, and again after a change, what its ssh_config asks for and this extension does not honour. */
export class ConfigNotices {
  readonly #memento: vscode.Memento;
  readonly #logger: Logger;
  readonly #home: string;

  constructor(memento: vscode.Memento, logger: Logger, home: string) {
    this.#memento = memento;
    this.#logger = logger;
    this.#home = home;
  }

  /** The line to show for a connection to this host. Undefined: nothing new. The log gets the details. */
  take({ alias, warnings }: HostConfig): string | undefined {
    const told = this.#memento.get<readonly (readonly [alias: string, notice: string])[]>(key, []);
    const before = told.find(([host]) => host === alias)?.[1];
    const notice = configNotice(warnings);
    if (notice === before) {
      return undefined;
    }
    const others = told.filter(([host]) => host !== alias);
    const kept = notice === undefined ? others : ([[alias, notice], ...others] as const);
    void this.#memento.update(key, kept.slice(0, limit));
    for (const warning of notice === undefined ? [] : warnings) {
      this.#logger.warn(`${alias}: ${configWarningText(warning, this.#home)}`);
    }
    return notice;
  }
}
