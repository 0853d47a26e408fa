/** What to show of the names of connections and of their sessions in a narrow side bar. No vscode. */
import { t } from "../../base/localize.ts";
import { shortNames } from "../../text/shortNames.ts";

/** Letters of a name beside which the number of a session can be seen in a narrow side bar. */
const longest = 12;

export class ConnectionNames {
  #of = "";
  #short: ReadonlyMap<string, string> = new Map();

  /** These are shown together. */
  update(specs: readonly string[]): void {
    const of = specs.join("\n");
    if (of !== this.#of) {
      this.#of = of;
      this.#short = shortNames(specs);
    }
  }

  connection(spec: string): string {
    return this.#short.get(spec) ?? spec;
  }

  /**
   * A title usually is the host, with a number where there are several. Below a connection of a long name, what it is
   * and its number say more than the name once again.
   */
  session(title: string, spec: string): string {
    return spec.length > longest && title.startsWith(spec)
      ? `${t("Terminal")}${title.slice(spec.length)}`
      : title;
  }
}
