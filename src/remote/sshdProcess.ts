import type { RemoteProcess } from "./remoteFacts.ts";

/**
 * The role of one sshd process. OpenSSH shows it in the process title (sshd.c, session.c, monitor.c, sshd-session.c):
 * `sshd: USER [priv]` is the privileged monitor, `sshd: USER@TTY,TTY` or `@notty` carries the sessions, `[net]`,
 * `[preauth]` and `[accepted]` are before authentication. Since 9.8 sessions run in `sshd-session`, and since 10.0
 * logins in `sshd-auth`. The BSDs add ` (sshd)`.
 */
export type SshdRole =
  | { readonly kind: "listener" }
  | { readonly kind: "monitor"; readonly user: string }
  | { readonly kind: "session"; readonly user: string; readonly ttys: readonly string[] }
  | { readonly kind: "preauth" };

const title = /^(?:\S*\/)?(?:sshd|sshd-session|sshd-auth): (.*?)(?: \((?:sshd|sshd-session|sshd-auth)\))?$/;
const untitled = /^(?:\S*\/)?(?:sshd|sshd-session|sshd-auth)(?: (.*))?$/;
const dropbear = /^(?:\S*\/)?dropbear(?: |$)/;

/** The role of `process`, or undefined when it is not part of an SSH server. */
export function sshdRole(process: RemoteProcess, parent: RemoteProcess | undefined): SshdRole | undefined {
  const body = title.exec(process.args)?.[1];
  if (body !== undefined) {
    return titledRole(body);
  }
  const bare = untitled.exec(process.args);
  if (bare !== null) {
    // `sshd -R` is a connection that has not set its title yet.
    return /(?:^| )-R(?: |$)/.test(bare[1] ?? "") ? { kind: "preauth" } : { kind: "listener" };
  }
  if (dropbear.test(process.args)) {
    return parent !== undefined && dropbear.test(parent.args)
      ? { kind: "session", user: "", ttys: [] }
      : { kind: "listener" };
  }
  return undefined;
}

function titledRole(body: string): SshdRole {
  if (body.includes("[listener]")) {
    return { kind: "listener" };
  }
  const bracket = /^(\S+)? ?\[(priv|net|preauth|accepted|pam)\]$/.exec(body);
  if (bracket !== null) {
    return bracket[2] === "priv" ? { kind: "monitor", user: bracket[1] ?? "" } : { kind: "preauth" };
  }
  const at = body.lastIndexOf("@");
  if (at < 0) {
    return { kind: "session", user: body, ttys: [] };
  }
  const ttys = body.slice(at + 1);
  return {
    kind: "session",
    user: body.slice(0, at),
    ttys: ttys === "notty" ? [] : ttys.split(",").map((tty) => tty.trim()),
  };
}
