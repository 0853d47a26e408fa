import type { Persistence } from "../config/hostPolicies.ts";
import { shellQuote } from "./run/remoteCommand.ts";

/** What keeps a shell alive on the server between connections, as command lines there. */
export interface PersistentShell {
  /** Attaches to the shell of this name, or starts it. Run on a pty in place of the login shell. */
  readonly attach: string;
  /** Ends the shell of this name and what runs in it. Undefined where the person's own command gives no way. */
  readonly end: string | undefined;
}

/**
 * @param name unique for this terminal; letters, digits, `-` and `_`.
 * @returns undefined for `none`.
 */
export function persistentShell(persistence: Persistence, name: string): PersistentShell | undefined {
  if (!/^[\w-]+$/.test(name)) {
    throw new RangeError("A persistent shell's name has letters, digits, - and _ only");
  }
  switch (persistence) {
    case "none":
      return undefined;
    case "tmux":
      // `=` asks for exactly this name; new-session -A attaches when it exists, and -D then detaches it elsewhere: a
      // connection that died without telling would hold its size.
      return {
        attach: orLoginShell("tmux", `tmux new-session -A -D -s ${name}`),
        // Quoted, because zsh takes a word that begins with `=` for the name of a command.
        end: `tmux kill-session -t '=${name}'`,
      };
    case "screen":
      // -d -R: detach it elsewhere (a connection that died without telling), then attach or create.
      return { attach: orLoginShell("screen", `screen -d -R ${name}`), end: `screen -S ${name} -X quit` };
    case "zellij":
      return {
        attach: orLoginShell("zellij", `zellij attach --create ${name}`),
        end: `zellij delete-session --force ${name}`,
      };
    default:
      return { attach: persistence.command.replaceAll("{name}", name), end: undefined };
  }
}

/** Without the tool on the server a plain login shell is better than no shell; it says so. */
function orLoginShell(tool: string, command: string): string {
  const script = `command -v ${tool} >/dev/null 2>&1 && exec ${command}; echo "${tool} is not installed on this server: this shell will not survive a lost connection."; exec "\${SHELL:-/bin/sh}" -l`;
  return `exec sh -c ${shellQuote(script)}`;
}
