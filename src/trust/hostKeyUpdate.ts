import { isSimple, type KnownHostLine, knownHostLines, withoutLines } from "./knownHostLines.ts";

/** A known_hosts file of the user. @param text in latin1. */
export interface KnownHostsText {
  readonly file: string;
  readonly text: string;
}

export interface HostKeyUpdate {
  /** Keys of the server that are not in known_hosts for it. */
  readonly added: readonly Buffer[];
  /** Lines for the host with keys that the server no longer has. */
  readonly removed: readonly (KnownHostLine & { readonly file: string })[];
}

export type HostKeyUpdatePlan =
  | ({ readonly kind: "update" } & HostKeyUpdate)
  /** `why`: the reason, for the log. */
  | { readonly kind: "nothing"; readonly why: string };

/**
 * The update that UpdateHostKeys makes for the keys that a server announces (client_input_hostkeys in clientloop.c).
 * None where `ssh` would not have written the host's lines like this, or where one of the keys is also recorded for
 * another host: such lines were written by hand, and the update must not contradict them.
 *
 * @param name as made by `knownHostName`.
 */
export async function planHostKeyUpdate(
  files: readonly KnownHostsText[],
  name: string,
  keys: readonly Buffer[],
): Promise<HostKeyUpdatePlan> {
  const known = new Set<Buffer>();
  const obsolete: (KnownHostLine & { readonly file: string })[] = [];
  const elsewhere: Buffer[] = [];
  for (const { file, text } of files) {
    for (const line of await knownHostLines(text, name)) {
      const announced = keys.find((key) => key.equals(line.key));
      if (!line.isAboutHost) {
        if (announced !== undefined) {
          return { kind: "nothing", why: `${file}:${line.number} has one of the keys under another name` };
        }
        elsewhere.push(line.key);
      } else if (!isSimple(line)) {
        return { kind: "nothing", why: `${file}:${line.number} has a marker, a pattern or a list of names` };
      } else if (announced !== undefined) {
        known.add(announced);
      } else {
        obsolete.push({ ...line, file });
      }
    }
  }
  const added = keys.filter((key) => !known.has(key));
  if (added.length === 0 && obsolete.length === 0) {
    return { kind: "nothing", why: "known_hosts has exactly these keys" };
  }
  const shared = obsolete.find(({ key }) => elsewhere.some((other) => other.equals(key)));
  return shared === undefined
    ? { kind: "update", added, removed: obsolete }
    : {
        kind: "nothing",
        why: `the key in ${shared.file}:${shared.number} is listed under another name, too`,
      };
}

/** The text of one file after the update. @param newLines for the added keys, without line ends. */
export function updatedText(
  text: string,
  removed: readonly KnownHostLine[],
  newLines: readonly string[],
): string {
  const rest = withoutLines(text, removed);
  const gap = rest === "" || rest.endsWith("\n") ? "" : "\n";
  const added = newLines.map((line) => `${Buffer.from(line, "utf8").toString("latin1")}\n`);
  return `${rest}${added.length === 0 ? "" : gap}${added.join("")}`;
}
