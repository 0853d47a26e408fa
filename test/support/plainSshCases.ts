import type { SshdHost } from "../lab/sshdHost.ts";

/**
 * Calls of `ssh` that must have the same result over our connection as alone. `USER` and `PORT` are those of the host
 * `lab`. The standard input is `some input`.
 */
export const plainSshCases: readonly (readonly [what: string, args: readonly string[]])[] = [
  ["output, standard error and input", ["lab", "cat; echo out; echo err >&2"]],
  ["an exit status", ["lab", "exit 42"]],
  ["a signal", ["lab", "kill -TERM $$"]],
  ["a missing command", ["lab", "no-such-command"]],
  ["a subsystem", ["-s", "lab", "no-such-subsystem"]],
  ["a terminal", ["-n", "-tt", "-o", "LogLevel=ERROR", "lab", "stty size; tty | cut -c 1-8; exit 3"]],
  ["a variable", ["-o", "SetEnv=LC_SHARED=yes", "lab", "echo $LC_SHARED"]],
  ["options after the host", ["lab", "-T", "-x", "echo", "behind"]],
  ["a user and a port", ["-n", "-l", "USER", "-p", "PORT", "lab", "echo $0"]],
  ["a user before the host", ["-T", "USER@lab", "echo at"]],
  ["the standard input of a shell", ["-T", "lab"]],
];

/** With the user and the port of the host. */
export function filledIn(args: readonly string[], { user, port }: SshdHost): readonly string[] {
  return args.map((arg) => arg.replace("USER", user).replace("PORT", String(port)));
}
