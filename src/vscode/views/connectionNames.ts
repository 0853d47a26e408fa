/** The names of connections and their sessions in a narrow side bar. No vscode. */
import { t } from "../../base/localize.ts";
import { shortNames } from "../../text/shortNames.ts";

/** Letters of a name that leave room for a session's number in a narrow side bar. */
const longest = 12;

export class ConnectionNames {
  #of = "";
  #short: ReadonlyMap<string, string> = new Map();

  /** Sets the names that are shown together. */
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
   * A title usually is the host, with a number if there are several. Below a connection with the same long name, the kind
   * and the number of a session are more useful than the name again.
   * @param connection the name of the connection, which another name may share.
   */
  session(title: string, spec: string, connection: string): string {
    return spec === connection && spec.length > longest && title.startsWith(spec)
      ? `${t("Terminal")}${title.slice(spec.length)}`
      : title;
  }
}
