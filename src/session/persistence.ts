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
      return { attach: orLoginShell("tmux", attachTmux(name)), end: endTmux(name) };
    case "screen":
      return { attach: orLoginShell("screen", attachScreen(name)), end: `screen -S ${name} -X quit` };
    case "zellij":
      return {
        attach: orLoginShell("zellij", `exec zellij attach --create ${name}`),
        end: `zellij delete-session --force ${name}`,
      };
    default:
      return { attach: persistence.command.replaceAll("{name}", name), end: undefined };
  }
}

/** A server of our own: the person's own sessions, options and configuration file are left alone. */
const tmuxSocket = "vscode-ssh-sessions";

/**
 * Set each time before attaching, on the command line: nothing is written on the server. `-q`: an older tmux does without
 * what it doesn't know.
 */
const tmuxOptions: readonly string[] = [
  "set -gq status off",
  // Every key is the program's.
  "set -gq prefix None",
  "set -gq prefix2 None",
  // The wheel and the selection are VS Code's, and lines that scroll out go to its scrollback (tmux(1), terminfo(5)): xterm.js
  // keeps none of those that indn (SU) scrolls.
  "set -gq mouse off",
  "set -gq terminal-overrides '*:smcup@:rmcup@:indn@:Tc'",
  'set -gq default-terminal "$term"',
  "setenv -g COLORTERM truecolor",
  // A program may set the clipboard (OSC 52). What it reads is tmux's own buffer and never the person's clipboard.
  "set -sq set-clipboard on",
  // Else Esc takes half a second.
  "set -sq escape-time 10",
  "set -gq focus-events on",
  "set -gq set-titles on",
  "set -gq set-titles-string '#T'",
  "set -gq history-limit 10000",
];

/**
 * `=` asks for exactly this name (quoted, because zsh takes a word that begins with `=` for a command's). new-session -A
 * attaches when it exists, and -D then detaches it elsewhere: a connection that died without telling would hold its size.
 * A session of this name on the default socket was begun by version 0.2.0.
 */
function attachTmux(name: string): string {
  const options = tmuxOptions.join(" \\; ");
  return [
    `if tmux has-session -t '=${name}' 2>/dev/null; then exec tmux attach-session -d -t '=${name}'; fi`,
    "term=screen-256color",
    "if infocmp tmux-256color >/dev/null 2>&1; then term=tmux-256color; fi",
    `exec tmux -u -L ${tmuxSocket} -f /dev/null start-server \\; ${options} \\; new-session -A -D -s ${name}`,
  ].join("; ");
}

function endTmux(name: string): string {
  const kill = `kill-session -t '=${name}'`;
  return `sh -c ${shellQuote(`tmux -L ${tmuxSocket} ${kill} 2>/dev/null || tmux ${kill}`)}`;
}

/**
 * Screen takes commands only once it runs: it is begun detached, without the person's configuration file, and told what
 * differs (screen(1)): no command key, and no waiting for messages. Then -d -R: detach it elsewhere (a connection that died
 * without telling), and attach. Its alternate screen stays: what replaces it (termcapinfo) is taken from files only.
 */
function attachScreen(name: string): string {
  const tell = (command: string): string => `screen -S ${name} -X ${command} >/dev/null 2>&1`;
  return [
    `if ! screen -ls 2>/dev/null | grep -q '[.]${name}[[:space:]]'; then screen -c /dev/null -T screen-256color -U -d -m -s "-\${SHELL:-/bin/sh}" -S ${name}; fi`,
    // It may not listen yet when `screen -d -m` has returned.
    `n=0; until ${tell("escape ''")} || [ $n -ge 20 ]; do n=$((n+1)); sleep .1 2>/dev/null || sleep 1; done`,
    tell("msgwait 0"),
    `exec screen -U -d -R ${name}`,
  ].join("; ");
}

/** Without the tool on the server a plain login shell is better than no shell; it says so. */
function orLoginShell(tool: string, attach: string): string {
  const script = `if command -v ${tool} >/dev/null 2>&1; then ${attach}; fi; echo "${tool} is not installed on this server: this shell will not survive a lost connection."; exec "\${SHELL:-/bin/sh}" -l`;
  return `exec sh -c ${shellQuote(script)}`;
}
