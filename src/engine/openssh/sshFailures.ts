import { AuthError } from "../../auth/authErrors.ts";
import { printable } from "../../base/log.ts";
import type { ConnectionEnd } from "../connectionEngine.ts";
import { type AlgorithmMismatch, ConnectError, type ConnectErrorReason } from "../engineErrors.ts";
import type { SshLog } from "./sshLog.ts";

/**
 * Maps error messages of `ssh` to reasons. OpenSSH does not translate them; those of strerror are in the C locale.
 */
const meanings: readonly (readonly [RegExp, ConnectErrorReason])[] = [
  [/Could not resolve hostname/, "name-not-found"],
  [/^(?:bind|getaddrinfo|getifaddrs)\b.*:/i, "local"],
  [/: Connection refused$/, "refused"],
  [/: (?:Connection|Operation) timed out$|Timeout, server/, "timed-out"],
  [/: (?:No route to host|Network is (?:unreachable|down)|Host is down)$/, "unreachable"],
  [/Protocol major versions differ/, "protocol-version"],
  [/banner line contains invalid characters|banner line too long|No SSH identification string/, "not-ssh"],
  [/Connection reset by|: Broken pipe$/, "reset"],
  [/Bad packet length|[Cc]orrupted|incorrect|invalid format|padding error|[Pp]rotocol error/, "protocol"],
  [
    /Bad remote protocol version|unexpected (?:message|packet)|string is too large|incomplete message/,
    "protocol",
  ],
  [/\bline \d+: /, "unsupported"],
];

const keywords: readonly (readonly [string, AlgorithmMismatch["keyword"]])[] = [
  ["key exchange method", "KexAlgorithms"],
  ["host key type", "HostKeyAlgorithms"],
  ["cipher", "Ciphers"],
  ["MAC", "MACs"],
  ["compression", "Compression"],
];

/** As in the ssh2 engine: SERVICE_NOT_AVAILABLE, CONNECTION_LOST, TOO_MANY_CONNECTIONS of RFC 4253 section 11.1. */
const passingDisconnects: ReadonlySet<number> = new Set([7, 10, 12]);

/** Why `ssh` ended without a connection. */
export function loginFailure(log: SshLog): ConnectError | AuthError {
  const said = log.said;
  const last = printable(said.at(-1) ?? "ssh ended without a word");
  const details = { tried: log.tried, methodsLeft: log.methodsLeft };
  for (const line of said) {
    const mismatch = algorithmMismatch(line);
    if (mismatch !== undefined) {
      return new ConnectError("no-common-algorithm", printable(line), { mismatch });
    }
    const [, code, words] = /^Received disconnect from .+?:(\d+): (.*)$/.exec(line) ?? [];
    if (words !== undefined) {
      return log.tried.length > 0 && !passingDisconnects.has(Number(code))
        ? new AuthError("too-many-failures", printable(line), { ...details, said: printable(words) })
        : new ConnectError("closed-during-handshake", printable(line), { serverText: words });
    }
    const [, methods] = /: Permission denied \(([^)]*)\)/.exec(line) ?? [];
    if (methods !== undefined) {
      const reason = log.tried.length > 0 ? "refused" : "nothing-to-try";
      return new AuthError(reason, printable(line), { ...details, methodsLeft: methods.split(",") });
    }
  }
  const greeted = log.serverVersion !== "";
  if (!greeted && log.greeting.trim() !== "" && said.some((line) => /clos|reset/i.test(line))) {
    const serverText = log.greeting;
    return new ConnectError("refused-before-version", `The server closed the connection: ${last}`, {
      serverText,
    });
  }
  for (const [pattern, reason] of meanings) {
    const line = said.find((one) => pattern.test(one));
    if (line !== undefined) {
      return new ConnectError(reason, printable(line));
    }
  }
  if (said.some((line) => /Connection (?:to .* )?closed|closed by remote host/.test(line))) {
    return log.tried.length > 0
      ? new AuthError("too-many-failures", "The server disconnected after a refused attempt", details)
      : new ConnectError("closed-during-handshake", last);
  }
  return new ConnectError("openssh-failed", last);
}

function algorithmMismatch(line: string): AlgorithmMismatch | undefined {
  const [, kind, offer] = /no matching (.+) found\. Their offer: (.*)$/.exec(line) ?? [];
  const keyword = keywords.find(([name]) => kind?.startsWith(name) === true)?.[1];
  return keyword === undefined
    ? undefined
    : {
        keyword,
        offered: (offer ?? "").split(",").filter((name) => name !== ""),
        allowable: [],
        isFinal: true,
      };
}

/** Why an established connection ended, according to the master's last log lines. */
export function endOf(said: readonly string[]): ConnectionEnd {
  const lost = said.find((line) =>
    /Connection reset|Broken pipe|timed out|Timeout, server|unreachable|No route/.test(line),
  );
  if (lost !== undefined) {
    const error: NodeJS.ErrnoException = new Error(printable(lost));
    if (/Connection reset/.test(lost)) {
      error.code = "ECONNRESET";
    } else if (/Broken pipe/.test(lost)) {
      error.code = "EPIPE";
    }
    return { reason: "lost", error };
  }
  const broken = said.find((line) =>
    /Bad packet length|[Cc]orrupted|incorrect|dispatch_protocol_error/.test(line),
  );
  if (broken !== undefined) {
    return { reason: "protocol", error: new Error(printable(broken)) };
  }
  const disconnect = said
    .map((line) => /^Received disconnect from .+?:\d+: (.*)$/.exec(line)?.[1])
    .find(Boolean);
  return disconnect === undefined
    ? { reason: "disconnected" }
    : { reason: "disconnected", error: new Error(printable(disconnect)), said: disconnect };
}
