import { printable } from "../base/log.ts";
import { plainMessage } from "./plainMessage.ts";

/** `host`, or `host (2)` and so on: the first free title, so that tabs and tree items differ. */
export function freeTitle(host: string, taken: ReadonlySet<string>): string {
  let title = host;
  for (let number = 2; taken.has(title); number++) {
    title = `${host} (${number})`;
  }
  return title;
}

export interface TabNameParts {
  /** The session's name: its host, or the name that the user gave it. */
  readonly name: string;
  readonly host: string;
  /** As the server sent it; "" if there is none. */
  readonly remoteTitle: string;
}

/** In characters. Tabs are not wider. */
const longestRemoteTitle = 60;

/**
 * The name of a tab by the template `sshSessions.terminalTitle`, for example `${name}${separator}${remoteTitle}`. As
 * in VS Code's own templates, a separator appears only between two parts that are not empty.
 */
export function tabName(template: string | undefined, parts: TabNameParts): string {
  const name = printable(parts.name);
  if (template === undefined) {
    return name;
  }
  const values: Readonly<Record<string, string>> = {
    name,
    host: printable(parts.host),
    remoteTitle: plainMessage(printable(parts.remoteTitle.replace(/\s+/g, " ").trim(), longestRemoteTitle)),
  };
  let made = "";
  let separated = false;
  for (const [piece, variable] of template.matchAll(/\$\{(name|host|remoteTitle|separator)\}|\$|[^$]+/g)) {
    const text = variable === undefined ? piece : (values[variable] ?? "");
    if (text !== "" && variable !== "separator") {
      made += separated && made !== "" ? ` - ${text}` : text;
      separated = false;
    }
    separated ||= variable === "separator";
  }
  const shown = printable(made).trim();
  return shown === "" ? name : shown;
}
