import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";

/**
 * The warning that a terminal shows for an untrusted host key, also a jump host's: the lines of OpenSSH's warning
 * (warn_changed_key in sshconnect.c), with the offending entry as `file:line`, which VS Code makes a link.
 * @returns undefined for any other failure. Plain text.
 */
export function hostKeyWarning(error: unknown): readonly [string, ...string[]] | undefined {
  if (ConnectError.is(error) && error.reason === "jump-failed") {
    return hostKeyWarning(error.cause);
  }
  if (!HostKeyError.is(error) || (error.reason !== "changed" && error.reason !== "revoked")) {
    return undefined;
  }
  const shown = t(
    "{0} shows: {1} {2}",
    printable(error.host),
    printable(error.keyType),
    printable(error.fingerprint),
  );
  const line = error.line === undefined ? "" : `:${error.line}`;
  const entry = error.file === undefined ? "known_hosts" : `${printable(error.file)}${line}`;
  if (error.reason === "revoked") {
    return [
      t("WARNING: REVOKED HOST KEY!"),
      t("The server's key has been revoked: it may have been stolen."),
      shown,
      t("Revoked in: {0}", entry),
      t("Ask the server's owner. Nothing was sent."),
    ];
  }
  return [
    t("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!"),
    t(
      "Someone could be eavesdropping on you right now (man-in-the-middle attack), or the server was reinstalled.",
    ),
    shown,
    t("Offending key in {0}", entry),
    t(
      "Ask the server's owner whether the key shown is correct. Only then remove that line, or use “Forget Host Keys…”, and try again. Nothing was sent.",
    ),
  ];
}
