/** The names of connections and their sessions in a narrow side bar. No vscode. */
import { shortNames, tightNames } from "../../text/shortNames.ts";

const none: ReadonlyMap<string, string> = new Map();

export class ConnectionNames {
  #of = "";
  #short = none;
  #tight = none;

  /** Sets the names that are shown together. */
  update(specs: readonly string[]): void {
    const of = specs.join("\n");
    if (of !== this.#of) {
      this.#of = of;
      this.#short = shortNames(specs);
      this.#tight = tightNames(specs);
    }
  }

  /** @param isCalm nothing after the name needs attention, so that it may fill a narrow row. */
  connection(spec: string, isCalm: boolean): string {
    return (isCalm ? this.#short : this.#tight).get(spec) ?? spec;
  }

  /**
   * A title usually is the host, with a number if there are several. The number must be visible; without one, the
   * name is that of a connection.
   */
  session(title: string, spec: string): string {
    return title.startsWith(spec)
      ? `${this.connection(spec, title === spec)}${title.slice(spec.length)}`
      : title;
  }
}
