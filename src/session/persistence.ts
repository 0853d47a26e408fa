import type { Persistence } from "../config/hostPolicies.ts";
import { shellQuote } from "./run/remoteCommand.ts";

/** Command lines that keep a shell alive on the server between connections. */
export interface PersistentShell {
  /** Attaches to the shell of this name, or starts it. It runs on a pty instead of the login shell. */
  readonly attach: string;
  /** Ends the shell of this name and its programs. Undefined where the user's own command has no way to do so. */
  readonly end: string | undefined;
  /** Prints all lines that the tool keeps of it, without writing on the server. Undefined where the tool can't. */
  readonly history?: string;
  /** The tool draws on the alternate screen, which has no scrollback, although it can scroll the main one. */
  readonly mainScreenOnly?: true;
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
      return {
        attach: orLoginShell("tmux", attachTmux(name)),
        end: endTmux(name),
        history: onTmux(`capture-pane -p -J -S - -t '=${name}:'`),
      };
    case "screen":
      return {
        attach: orLoginShell("screen", attachScreen(name)),
        end: `screen -S ${name} -X quit`,
        mainScreenOnly: true,
      };
    case "zellij":
      return {
        attach: orLoginShell("zellij", `exec zellij attach --create ${name}`),
        end: `zellij delete-session --force ${name}`,
      };
    default:
      return { attach: persistence.command.replaceAll("{name}", name), end: undefined };
  }
}

/** A tmux server of our own: the user's sessions, options and configuration file stay untouched. */
const tmuxSocket = "vscode-ssh-sessions";

/**
 * Set on the command line each time before attaching: nothing is written on the server. `-q`: an older tmux skips
 * options that it doesn't support.
 */
const tmuxOptions: readonly string[] = [
  "set -gq status off",
  // The program receives every key.
  "set -gq prefix None",
  "set -gq prefix2 None",
  // VS Code handles the wheel and the selection, and lines that scroll out go to its scrollback (tmux(1),
  // terminfo(5)): xterm.js keeps none of the lines that indn (SU) scrolls.
  "set -gq mouse off",
  "set -gq terminal-overrides '*:smcup@:rmcup@:indn@:Tc'",
  'set -gq default-terminal "$term"',
  "setenv -g COLORTERM truecolor",
  // A program may set the clipboard (OSC 52). It reads only tmux's own buffer, never the user's clipboard.
  "set -sq set-clipboard on",
  // Otherwise Esc takes half a second.
  "set -sq escape-time 10",
  "set -gq focus-events on",
  "set -gq set-titles on",
  "set -gq set-titles-string '#T'",
  "set -gq history-limit 10000",
];

/**
 * `=` matches exactly this name (quoted, because zsh takes a word that begins with `=` for a command). new-session -A
 * attaches when the session exists, and -D then detaches it elsewhere: a connection that died unnoticed would keep
 * its window size. A session of this name on the default socket was started by version 0.2.0.
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
  return `sh -c ${shellQuote(onTmux(`kill-session -t '=${name}'`))}`;
}

/** On our tmux server, or on the default one: see attachTmux. */
function onTmux(action: string): string {
  return `tmux -L ${tmuxSocket} ${action} 2>/dev/null || tmux ${action}`;
}

/**
 * Screen accepts commands only once it runs. It is started detached, without the user's configuration file, and then
 * configured (screen(1)): no command key, and no waiting for messages. Then -d -R detaches it elsewhere (a connection
 * that died unnoticed) and attaches. The setting that keeps it on the main screen (termcapinfo) is read from files only:
 * see mainScreenOnly.
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

/** If the server lacks the tool, a plain login shell is better than none; a notice says so. */
function orLoginShell(tool: string, attach: string): string {
  const script = `if command -v ${tool} >/dev/null 2>&1; then ${attach}; fi; echo "${tool} is not installed on this server: this shell will not survive a lost connection."; exec "\${SHELL:-/bin/sh}" -l`;
  return `exec sh -c ${shellQuote(script)}`;
}
